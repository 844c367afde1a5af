/** What names in a template stand for. */
export interface Names {
  /** The value of a parameter, or what a resource is called. */
  ref(name: string, where: string): unknown
  attribute(name: string, attribute: string, where: string): string
  condition(name: string, where: string): boolean
  /** What a mapping has for two names. */
  mapped(path: readonly [map: string, key: string, name: string], where: string): unknown
  /**
   * Reports a problem of the template.
   *
   * @throws RolesAnywhereError `ERR_RA_EMULATOR_STATE_INVALID`, always.
   */
  fail(problem: string, known?: string): never
}
