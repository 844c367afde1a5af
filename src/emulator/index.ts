export { createEmulator } from './emulator.js'
export { readStateFile } from './state/state-file.js'
export { readTemplate } from './template/read-template.js'

export type { Emulator, EmulatorOptions, IssuedSession } from './emulator.js'
export type { Fault, FaultKind } from './http/faults.js'
export type { RecordedRequest } from './http/recorder.js'
export type { ListenAddress, TlsFiles } from './server.js'
export type { CheckName } from './session/refusals.js'
export type {
  BucketDocument,
  CrlDocument,
  PolicyDocument,
  ProfileDocument,
  RepositoryDocument,
  RoleDocument,
  StateDocument,
  TrustAnchorDocument,
} from './state/document.js'
export type { EmulatorState } from './state/state.js'
export type { TemplateInit, TemplateState } from './template/read-template.js'
