import { expect } from 'chai'
import { type ErrorCode, RolesAnywhereError } from '../../src/errors.js'

/** Asserts on the code, never on the wording; returns the error for further checks. */
export async function rejectsWithCode(
  action: Promise<unknown>,
  code: ErrorCode,
): Promise<RolesAnywhereError> {
  const outcome = await action.then(
    () => undefined,
    (error: unknown) => error,
  )
  return expectCode(outcome, code)
}

/** As {@link rejectsWithCode}, for a function that throws at once. */
export function throwsWithCode(action: () => unknown, code: ErrorCode): RolesAnywhereError {
  let outcome: unknown
  try {
    action()
  } catch (error) {
    outcome = error
  }
  return expectCode(outcome, code)
}

function expectCode(outcome: unknown, code: ErrorCode): RolesAnywhereError {
  expect(outcome, 'expected a failure').to.be.instanceOf(RolesAnywhereError)
  const error = outcome as RolesAnywhereError
  expect(error.code, error.message).to.equal(code)
  return error
}
