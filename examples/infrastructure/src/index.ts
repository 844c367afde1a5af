export { EcrUser, type EcrUserProps } from './ecr-user.js'
export { ExpiryAlarms, type ExpiryAlarmsProps } from './expiry-alarms.js'
export { ImageRepository, type ImageRepositoryProps } from './image-repository.js'
export {
  listBucket,
  listBuckets,
  pullImages,
  pullThroughCache,
  registryToken,
} from './permissions.js'
export { Profile, type ProfileProps } from './profile.js'
export { type CertificateSubject, SubjectError, trustConditions } from './subject.js'
export { type CertificateAuthority, TrustAnchor, type TrustAnchorProps } from './trust-anchor.js'
export { WorkloadAccess, type WorkloadAccessProps } from './workload-access.js'
export { WorkloadRole, type WorkloadRoleProps } from './workload-role.js'
