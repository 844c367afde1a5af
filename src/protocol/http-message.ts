/** A request before it is sent. Structurally what `@smithy/signature-v4` signs. */
export interface HttpRequest {
  readonly method: string
  readonly protocol: 'https:' | 'http:'
  /** Name or address; an IPv6 address has no brackets here. */
  readonly hostname: string
  /** Absent means the protocol's own port. */
  readonly port?: number
  readonly path: string
  /** Decoded names and values; encoding happens once, when the target is written. */
  readonly query: Readonly<Record<string, string>>
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** What came off the wire. Header names are lower case; repeated headers are joined with `, `. */
export interface HttpResponse {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}
