/**
 * Splits a line of shell into commands, and these into words: quotes and backslashes as in `sh`;
 * variables and substitutions stay as they are written. Redirections and what they name are left out.
 */
export function commandsOf(line: string): string[][] {
  const commands: string[][] = [[]]
  let skipNext = false
  for (const [, blank, comment, operator, redirection, word] of line.matchAll(TOKEN)) {
    if (blank !== undefined) continue
    if (comment !== undefined) break
    if (operator !== undefined) {
      commands.push([])
      skipNext = false
    } else if (redirection !== undefined) skipNext = true
    else if (skipNext) skipNext = false
    else commands.at(-1)?.push(unquoted(word ?? ''))
  }
  return commands.filter((words) => words.length > 0)
}

const TOKEN =
  /(\s+)|(#.*$)|(\|\||&&|[|;&()`]|\$\()|(\d?>&\d|\d?>>?|<<<?|<)|((?:"(?:\\.|[^"\\])*"?|'[^']*'?|\$\([^)]*\)|\\.|[^\s|;&()<>`"'\\])+)/g

const unquoted = (word: string): string =>
  word.replace(
    /"((?:\\.|[^"\\])*)"?|'([^']*)'?|\\(.)/g,
    (_, double?: string, single?: string, escaped?: string) =>
      double?.replace(/\\(["\\$`])/g, '$1') ?? single ?? escaped ?? '',
  )
