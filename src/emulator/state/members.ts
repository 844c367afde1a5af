import { ARN_FORMS, type Arn, parseArn } from './arn.js'
import type { JsonNode } from './json-node.js'

/** Reads a file that the document names. */
export type ReadFile = (name: string) => Buffer

/** The member `arn`, of the kind that its place asks for. */
export function requiredArn(node: JsonNode, kind: keyof typeof ARN_FORMS, form: string): Arn {
  const text = node.required('arn').matching(ARN_FORMS[kind], form)
  return parseArn(text) ?? node.fail(`has an ARN that is not ${form}`)
}

/** A member, or the content of the file that its twin `…File` names; not both, perhaps neither. */
export function inlineOrFile(node: JsonNode, name: string, readFile: ReadFile): Buffer | undefined {
  const inline = node.optional(name)
  const file = node.optional(`${name}File`)
  if (inline && file) node.fail(`has both "${name}" and "${name}File"`)
  if (!file) return inline && Buffer.from(inline.string())
  try {
    return readFile(file.string())
  } catch (error) {
    return file.fail('names a file that cannot be read', {
      cause: error,
      hint: 'relative paths start at the folder of the state file',
    })
  }
}

/** As {@link inlineOrFile}, one of the two being demanded. */
export function requiredInlineOrFile(node: JsonNode, name: string, readFile: ReadFile): Buffer {
  return inlineOrFile(node, name, readFile) ?? node.fail(`lacks both "${name}" and "${name}File"`)
}
