/** Flag of the certificate that the service holds as trust anchor. */
export const TRUST_ANCHOR_FLAG = 'trust-anchor-certificate'
