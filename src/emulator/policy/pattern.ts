/** The values that conditions and variables are looked up in. Names are lower-case. */
export type Context = ReadonlyMap<string, readonly string[]>

const ANY = Symbol('*')
const ONE = Symbol('?')
type Token = string | typeof ANY | typeof ONE

/**
 * Whether a text matches a policy pattern with `*`, `?` and variables such as
 * `${aws:PrincipalTag/x509Subject/CN}`. A variable without a value matches nothing.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
 */
export function matchesPattern(pattern: string, text: string, context: Context): boolean {
  const tokens = tokensOf(pattern, context)
  return tokens !== undefined && matches(tokens, text)
}

/** The pattern as literal text, its variables filled in; `undefined` when one has no value. */
export function substitute(pattern: string, context: Context): string | undefined {
  return expand(pattern, context)
    ?.map(({ text }) => text)
    .join('')
}

function tokensOf(pattern: string, context: Context): Token[] | undefined {
  return expand(pattern, context)?.flatMap(({ text, literal }): Token[] =>
    [...text].map((character) => {
      if (literal) return character
      return character === '*' ? ANY : character === '?' ? ONE : character
    }),
  )
}

/** Splits at variables. What a variable stands for is literal: a tag value is no wildcard. */
function expand(
  pattern: string,
  context: Context,
): { text: string; literal: boolean }[] | undefined {
  const parts: { text: string; literal: boolean }[] = []
  let end = 0
  for (const match of pattern.matchAll(/\$\{([^}]*)\}/g)) {
    const name = match[1] ?? ''
    const value = /^[*?$]$/.test(name) ? name : context.get(name.toLowerCase())?.[0]
    if (value === undefined) return undefined
    parts.push({ text: pattern.slice(end, match.index), literal: false })
    parts.push({ text: value, literal: true })
    end = match.index + match[0].length
  }
  parts.push({ text: pattern.slice(end), literal: false })
  return parts
}

/** Backtracks to the last `*` only, so the time is at most the product of both lengths. */
function matches(tokens: readonly Token[], text: string): boolean {
  const characters = [...text]
  let token = 0
  let position = 0
  let star = -1
  let resume = 0
  while (position < characters.length) {
    const current = tokens[token]
    if (current === ANY) {
      star = token++
      resume = position
    } else if (current === ONE || (current !== undefined && current === characters[position])) {
      token++
      position++
    } else if (star >= 0) {
      token = star + 1
      position = ++resume
    } else {
      return false
    }
  }
  while (tokens[token] === ANY) token++
  return token === tokens.length
}
