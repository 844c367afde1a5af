import type {
  CertificateSnapshot,
  RoleSnapshot,
  SidecarSnapshot,
} from '../../sidecar/server/observer.js'

/** The instant from which the snapshots are told. */
export const NOW = new Date('2026-11-22T17:43:04Z')

/** An instant some minutes after {@link NOW}, or before it. */
export const minutes = (count: number): Date => new Date(NOW.getTime() + count * 60_000)

/** An instant some days after {@link NOW}, or before it. */
export const days = (count: number): Date => minutes(count * 24 * 60)

/** A role with a session that is a third used up. */
export const readyRole = (more: Partial<RoleSnapshot> = {}): RoleSnapshot => ({
  name: 'default',
  roleArn: 'arn:aws:iam::123456789012:role/app',
  refreshedAt: minutes(-20),
  nextRefreshAt: minutes(20),
  expiration: minutes(40),
  stale: false,
  ...more,
})

/** A role that never had a session. */
export const emptyRole = (more: Partial<RoleSnapshot> = {}): RoleSnapshot => ({
  name: 'default',
  roleArn: 'arn:aws:iam::123456789012:role/app',
  stale: false,
  ...more,
})

/** A certificate of ninety days with twelve of them left. */
export const certificate = (more: Partial<CertificateSnapshot> = {}): CertificateSnapshot => ({
  subject: 'CN=app,O=Example',
  serialNumber: '4660',
  notBefore: days(-78),
  notAfter: days(12),
  loadedAt: minutes(-190),
  chainLength: 1,
  ...more,
})

/** A sidecar where all is well. */
export const snapshotOf = (more: Partial<SidecarSnapshot> = {}): SidecarSnapshot => ({
  startedAt: minutes(-200),
  certificate: certificate(),
  roles: [readyRole()],
  events: [],
  ...more,
})
