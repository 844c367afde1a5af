/** A parameter as a template declares it. */
export interface ParameterDeclaration {
  readonly Type?: string
  readonly Default?: unknown
  readonly AllowedValues?: readonly unknown[]
  readonly AllowedPattern?: string
  readonly ConstraintDescription?: string
  readonly MinLength?: number | string
  readonly MaxLength?: number | string
  readonly MinValue?: number | string
  readonly MaxValue?: number | string
}

/** Most characters that CloudFormation takes for a parameter. */
const MAX_LENGTH = 4096

/**
 * The value of a parameter: a text or, for the types of lists, one for each part between commas.
 *
 * @param fail Hears what CloudFormation would refuse the value for.
 * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html
 */
export function parameterValue(
  declaration: ParameterDeclaration,
  given: unknown,
  fail: (problem: string) => never,
): unknown {
  const { Type = 'String' } = declaration
  const text = String(given)
  const isList = /^(CommaDelimitedList|List<)/.test(Type)
  const items = isList ? text.split(',').map((item) => item.trim()) : [text]
  const problem = items.map((item) => whyNotAllowed(declaration, item)).find(Boolean)
  if (problem !== undefined) fail(declaration.ConstraintDescription ?? problem)
  if (!isList) return given
  return text === '' ? [] : items
}

function whyNotAllowed(declaration: ParameterDeclaration, text: string): string | undefined {
  const { Type, AllowedValues, AllowedPattern } = declaration
  const { MinLength = 0, MaxLength = MAX_LENGTH, MinValue, MaxValue } = declaration
  if (text.length > Math.min(Number(MaxLength), MAX_LENGTH)) return `longer than ${MaxLength}`
  if (text.length < Number(MinLength)) return `shorter than ${MinLength}`
  if (AllowedValues && !AllowedValues.map(String).includes(text)) {
    return `not one of ${AllowedValues.join(', ')}`
  }
  const form = AllowedPattern === undefined ? undefined : whyNotOfForm(AllowedPattern, text)
  if (form !== undefined) return form
  if (Type !== 'Number' && Type !== 'List<Number>') return undefined
  const number = text.trim() === '' ? Number.NaN : Number(text)
  if (Number.isNaN(number)) return 'not a number'
  if (MinValue !== undefined && number < Number(MinValue)) return `less than ${MinValue}`
  return MaxValue !== undefined && number > Number(MaxValue) ? `more than ${MaxValue}` : undefined
}

/** Patterns are those of Java, which has a few that are none here. */
function whyNotOfForm(pattern: string, text: string): string | undefined {
  let form: RegExp
  try {
    form = new RegExp(`^(?:${pattern})$`, 'u')
  } catch {
    return `its AllowedPattern ${pattern} is not understood here`
  }
  return form.test(text) ? undefined : `not of the form ${pattern}`
}
