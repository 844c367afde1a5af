/**
 * Whether a pattern of `matchImages` covers an image, by the kubelet's rule: globs count inside one
 * part between dots, both hosts have as many parts, ports are equal, and the path is a prefix.
 *
 * @param image Without a scheme.
 * @see https://kubernetes.io/docs/reference/config-api/kubelet-config.v1/#kubelet-config-k8s-io-v1-CredentialProvider
 */
export function matchesImage(pattern: string, image: string): boolean {
  const wanted = split(pattern)
  const given = split(image)
  if (wanted.port !== given.port || wanted.parts.length !== given.parts.length) return false
  if (!given.path.startsWith(wanted.path)) return false
  return wanted.parts.every((part, at) => globOf(part)?.test(given.parts[at] ?? '') === true)
}

/** Why the kubelet would refuse a pattern; `undefined` when it would not. */
export function patternProblem(pattern: string): string | undefined {
  if (pattern === '' || /[\s#]|:\/\//.test(pattern)) return 'is not a host without a scheme'
  const { parts, port, path } = split(pattern)
  if (/[*?[\]]/.test(path) || /[^\d]/.test(port)) return 'has a glob in its port or path'
  return parts.every((part) => globOf(part) !== undefined) ? undefined : 'has a broken glob'
}

function split(text: string): { parts: readonly string[]; port: string; path: string } {
  const [, authority = '', path = ''] = /^([^/]*)(.*)$/s.exec(text) ?? []
  const [, host = '', port = ''] = /^(.*?)(?::([^:\]]*))?$/s.exec(authority) ?? []
  return { parts: host.split('.'), port, path }
}

/** Go's `filepath.Match` for text without slashes: `*`, `?`, classes and escapes. */
function globOf(part: string): RegExp | undefined {
  const form = /\*|\?|\[\^?(?:[^\\\]]|\\.)+\]|\\.|[^\\[*?]/gsy
  let source = ''
  let end = 0
  for (const match of part.matchAll(form)) {
    const [token] = match
    end = match.index + token.length
    if (token === '*') source += '[^/]*'
    else if (token === '?') source += '[^/]'
    else if (token.startsWith('[')) source += token.replace(/\\(.)/g, (_, c: string) => literal(c))
    else source += literal(token.replace(/^\\/, ''))
  }
  if (end !== part.length) return undefined
  try {
    return new RegExp(`^${source}$`, 's')
  } catch {
    // A class such as [z-a]: Go calls it a bad pattern, too.
    return undefined
  }
}

const literal = (text: string): string => text.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&')
