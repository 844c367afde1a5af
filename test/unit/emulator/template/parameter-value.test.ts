import { expect } from 'chai'
import {
  type ParameterDeclaration,
  parameterValue,
} from '../../../../src/emulator/template/parameter-value.js'

const fail = (problem: string): never => {
  throw new RangeError(problem)
}

describe('parameterValue', () => {
  const LIST = { Type: 'CommaDelimitedList' }
  for (const [declaration, given, expected] of [
    [{}, 'x', 'x'],
    [{ Type: 'Number' }, 3, 3],
    [{ Type: 'Number', MinValue: 1, MaxValue: '5' }, '5', '5'],
    [{ AllowedValues: ['true', 'false'] }, 'true', 'true'],
    [{ Type: 'Number', AllowedValues: [900, 3600] }, '900', '900'],
    [{ AllowedPattern: '[a-z]*', MinLength: 2, MaxLength: '3' }, 'abc', 'abc'],
    [LIST, 'a, b', ['a', 'b']],
    [{ ...LIST, AllowedPattern: '(\\d{2})?' }, '12,34', ['12', '34']],
    [{ ...LIST, AllowedPattern: '(\\d{2})?' }, '', []],
  ] as const satisfies (readonly [ParameterDeclaration, unknown, unknown])[]) {
    it(`takes ${JSON.stringify(given)} for ${JSON.stringify(declaration)}`, () => {
      expect(parameterValue(declaration, given, fail)).to.deep.equal(expected)
    })
  }

  for (const [declaration, given, problem] of [
    [{ Type: 'Number' }, 'x', 'not a number'],
    [{ Type: 'Number' }, '', 'not a number'],
    [{ Type: 'Number', MinValue: 1 }, '0', 'less than 1'],
    [{ Type: 'Number', MaxValue: 5 }, '6', 'more than 5'],
    [{ AllowedValues: ['true', 'false'] }, 'TRUE', 'not one of true, false'],
    [{ AllowedPattern: '[a-z]+' }, 'aB', 'not of the form [a-z]+'],
    [{ AllowedPattern: 'a|b' }, 'ab', 'not of the form a|b'],
    [{ AllowedPattern: 'a*+' }, 'a', 'is not understood here'],
    [{ AllowedPattern: 'a', ConstraintDescription: 'the letter a' }, 'b', 'the letter a'],
    [{ MinLength: 1 }, '', 'shorter than 1'],
    [{ MaxLength: 1 }, 'ab', 'longer than 1'],
    [{}, 'x'.repeat(4097), 'longer than 4096'],
    [{ ...LIST, AllowedPattern: '\\d' }, '1,x', 'not of the form'],
  ] as const satisfies (readonly [ParameterDeclaration, unknown, string])[]) {
    it(`refuses ${JSON.stringify(given).slice(0, 20)} for ${JSON.stringify(declaration)}`, () => {
      expect(() => parameterValue(declaration, given, fail)).to.throw(RangeError, problem)
    })
  }
})
