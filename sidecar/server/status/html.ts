/** Text that is HTML already. Only {@link html} makes it, so nothing gets onto a page unescaped. */
export class Html {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

/** What may stand in a template: text is escaped, lists are joined, `undefined` leaves nothing. */
export type HtmlValue = string | number | Html | undefined | readonly Html[]

/** HTML from a template. Good for text, and for attribute values in double quotes. */
export function html(parts: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  return new Html(String.raw({ raw: parts }, ...values.map(encoded)))
}

function encoded(value: HtmlValue): string {
  if (value === undefined) return ''
  if (value instanceof Html) return value.text
  if (typeof value === 'object') return value.map(({ text }) => text).join('')
  return String(value).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
