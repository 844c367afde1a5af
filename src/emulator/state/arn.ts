/** The parts of an ARN that the emulator looks at. */
export interface Arn {
  readonly text: string
  readonly partition: string
  readonly service: string
  readonly region: string
  readonly account: string
  /** Everything after the account. */
  readonly resource: string
}

/**
 * Splits an ARN. Looks at its form only.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
 */
export function parseArn(text: string): Arn | undefined {
  if (text.length > 1011) return undefined
  const match = /^arn:(aws(?:-[a-z]+)*):([a-z0-9-]+):([a-z0-9-]*):(\d{12}):(\S+)$/.exec(text)
  if (!match) return undefined
  const [, partition = '', service = '', region = '', account = '', resource = ''] = match
  return { text, partition, service, region, account, resource }
}

/** The ARNs that CreateSession takes, by what they name. */
export const ARN_FORMS = {
  trustAnchor: /^arn:aws(-[a-z]+)*:rolesanywhere:[a-z0-9-]+:\d{12}:trust-anchor\/[A-Za-z0-9-]+$/,
  profile: /^arn:aws(-[a-z]+)*:rolesanywhere:[a-z0-9-]+:\d{12}:profile\/[A-Za-z0-9-]+$/,
  role: /^arn:aws(-[a-z]+)*:iam::\d{12}:role\/[\w+=,.@/-]+$/,
} as const
