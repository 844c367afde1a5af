/**
 * Whether what was given as a path is the text of a certificate or key itself, as PEM or in base64.
 * Messages repeat paths, and must never repeat that. No path has a hundred characters of base64
 * without even a dot, or a part of more than 255 characters.
 */
export const isTextForPath = (source: string): boolean =>
  /-----BEGIN|[\r\n]|^(?:env:)?[A-Za-z0-9+][\w+/=-]{99,}$|[^/]{256}/.test(source)

/** What to do about a path where there is no file. What shells expand, AWS config files and manifests do not. */
export function missingFileHint(path: string): string {
  if (/(^|\/)~/.test(path)) return 'only a shell knows "~": write the whole path'
  if (path.includes('$')) return 'only a shell knows variables: write the path itself'
  if (path.includes('file:')) return 'write the path without file:'
  return 'check the path; in a pod, check that the volume is mounted'
}
