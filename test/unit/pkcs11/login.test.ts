import { expect } from 'chai'
import { CK, type Cryptoki } from '../../../src/pkcs11/cryptoki.js'
import { login } from '../../../src/pkcs11/login.js'
import type { Token } from '../../../src/pkcs11/token.js'
import { Secret } from '../../../src/secret.js'
import { throwsWithCode } from '../../support/rejects.js'

/** SoftHSM does not count wrong PINs: a token that does is written by hand. */
describe('login', () => {
  let sent: (string | undefined)[]
  beforeEach(() => (sent = []))

  const session = Buffer.from([1])
  const token = (flags: number, refusal?: number): Token => {
    const api: Partial<Cryptoki> = {
      C_GetSessionInfo: () => ({ state: 0 }),
      C_GetTokenInfo: () => ({
        ...{ label: 'card', manufacturerID: '', model: '', serialNumber: '1' },
        flags,
      }),
      C_Login(_session, _user, pin) {
        sent.push(pin)
        if (refusal !== undefined) throw Object.assign(new Error('CKR_…'), { code: refusal })
      },
    }
    const module = { api: api as Cryptoki, name: 'm', keys: new Map(), refusedPins: new Map() }
    return { module, slot: session, label: 'card', serial: '1', flags }
  }
  const pin = (): Secret => new Secret('1234')

  it('sends the PIN to a token that asks for it, and nothing to one that does not', () => {
    login(token(CK.CKF_LOGIN_REQUIRED), session, pin)
    login(token(0), session, pin)
    expect(sent).to.deep.equal(['1234'])
  })

  for (const [what, flag] of [
    ['is locked', CK.CKF_USER_PIN_LOCKED],
    ['has one attempt left', CK.CKF_USER_PIN_FINAL_TRY],
  ] as const) {
    it(`sends nothing to a token whose PIN ${what}`, () => {
      const card = token(CK.CKF_LOGIN_REQUIRED | flag)
      throwsWithCode(() => login(card, session, pin), 'ERR_RA_PIN_LOCKED')
      expect(sent).to.deep.equal([])
    })
  }

  it('sends a PIN that was refused no second time', () => {
    const card = token(CK.CKF_LOGIN_REQUIRED, CK.CKR_PIN_INCORRECT)
    for (let round = 0; round < 3; round++) {
      throwsWithCode(() => login(card, session, pin), 'ERR_RA_PIN_WRONG')
    }
    expect(sent).to.deep.equal(['1234'])
    throwsWithCode(() => login(card, session, () => new Secret('5678')), 'ERR_RA_PIN_WRONG')
    expect(sent).to.deep.equal(['1234', '5678'])
  })

  it('leaves the PIN to the reader that has keys of its own', () => {
    const flags = CK.CKF_LOGIN_REQUIRED | CK.CKF_PROTECTED_AUTHENTICATION_PATH
    login(token(flags), session, () => undefined)
    expect(sent).to.deep.equal([undefined])
  })

  it('takes another login of this process for its own', () => {
    login(token(CK.CKF_LOGIN_REQUIRED, CK.CKR_USER_ALREADY_LOGGED_IN), session, pin)
  })

  it('says that the attempt locked the token', () => {
    const card = token(CK.CKF_LOGIN_REQUIRED, CK.CKR_PIN_LOCKED)
    throwsWithCode(() => login(card, session, pin), 'ERR_RA_PIN_LOCKED')
  })

  it('does not take any other failure for a wrong PIN', () => {
    const card = token(CK.CKF_LOGIN_REQUIRED, 0x30)
    throwsWithCode(() => login(card, session, pin), 'ERR_RA_PKCS11_FAILED')
    expect(card.module.refusedPins.size).to.equal(0)
  })
})
