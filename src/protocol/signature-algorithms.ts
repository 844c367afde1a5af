/** Names that the service knows, one for each family of keys. */
export type SignatureAlgorithmName =
  'AWS4-X509-RSA-SHA256' | 'AWS4-X509-ECDSA-SHA256' | 'AWS4-X509-MLDSA'
