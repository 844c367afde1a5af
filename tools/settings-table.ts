import { PROGRAM_SETTINGS, type Setting, SETTINGS } from '../src/config/settings.js'

const START = '<!-- settings -->\n'
const END = '\n<!-- /settings -->'

/** The settings as a Markdown table, one row each. */
export function settingsTable(): string {
  const rows: readonly Setting<unknown>[] = [
    ...Object.values(SETTINGS),
    ...Object.values(PROGRAM_SETTINGS),
  ]
  const code = (text: string | undefined): string => (text === undefined ? '' : `\`${text}\``)
  const lines = rows.map(({ flag, value, env, profileKey, help, fallback }) => {
    const named = code(`--${flag}${value === undefined ? '' : ` ${value}`}`)
    const otherwise =
      fallback === undefined || fallback === false ? '' : ` (default ${String(fallback)})`
    return `| ${named} | ${code(env)} | ${code(profileKey)} | ${help}${otherwise} |`
  })
  return ['| Flag | Environment | Config key | Meaning |', '|---|---|---|---|', ...lines].join('\n')
}

/** The text with the table between its two markers brought up to date. */
export function withSettingsTable(text: string): string {
  const from = text.indexOf(START)
  const to = text.indexOf(END)
  if (from < 0 || to < from) throw new Error('the markers of the settings table are missing')
  return text.slice(0, from) + START + settingsTable() + text.slice(to)
}
