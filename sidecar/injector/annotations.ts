/** Who may say something, nearest to the workload first. The first one that does is followed. */
export const LAYERS = ['pod', 'serviceAccount', 'namespace', 'configuration'] as const

/** Where a value comes from. */
export type Layer = (typeof LAYERS)[number]

const EVERYWHERE: readonly Layer[] = LAYERS
const POD_AND_CONFIGURATION: readonly Layer[] = ['pod', 'configuration']
const POD: readonly Layer[] = ['pod']

/** Annotations of the injector by name without the prefix, and the layers that may set them. */
export const ANNOTATIONS = {
  'role-arn': EVERYWHERE,
  'profile-arn': EVERYWHERE,
  'trust-anchor-arn': EVERYWHERE,
  'session-duration': EVERYWHERE,
  'role-session-name': EVERYWHERE,
  region: EVERYWHERE,
  roles: ['pod', 'serviceAccount'],
  'certificate-secret': EVERYWHERE,
  'certificate-issuer': EVERYWHERE,
  'certificate-volume': EVERYWHERE,
  'container-roles': POD,
  containers: POD,
  'skip-containers': POD,
  imds: POD,
  'credentials-file': POD,
  'sidecar-mode': POD_AND_CONFIGURATION,
  'sidecar-position': POD_AND_CONFIGURATION,
  'startup-gate': POD_AND_CONFIGURATION,
  'app-quits-sidecar': POD,
  'sidecar-patch': POD,
} as const satisfies Readonly<Record<string, readonly Layer[]>>

/** Name of an annotation without its prefix. */
export type AnnotationName = keyof typeof ANNOTATIONS

/** Names that the injector configuration may give a default for. */
export const DEFAULTABLE = (Object.keys(ANNOTATIONS) as AnnotationName[]).filter((name) =>
  (ANNOTATIONS[name] as readonly Layer[]).includes('configuration'),
)

/** The label that asks for injection, without its prefix. Its value has to be `true`. */
export const INJECT_LABEL = 'inject'
/** The annotation that says it is done, without its prefix. */
export const STATUS = 'status'
/** Its value. */
export const INJECTED = 'injected'
/** Domain of annotations and label unless the configuration has another. */
export const DEFAULT_PREFIX = 'rolesanywhere.io'
