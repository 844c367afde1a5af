import { RolesAnywhereError } from '../../errors.js'
import { parseRevocationList } from '../x509/revocation-list.js'
import type { StateDocument } from './document.js'
import type { ReadFile } from './members.js'
import type { Bucket, Profile, Repository, Role, TrustAnchor, World } from './model.js'
import { MAX_CRLS, UNUSABLE_CRL } from './parse-trust-anchor.js'
import { parseState } from './parse-state.js'

/**
 * The state of an emulator, which tests may change while it runs. A change counts from the next
 * request on; sessions that were issued before stay valid, as the service's do.
 */
export class EmulatorState {
  #world: World

  constructor(world: World) {
    this.#world = world
  }

  /** The region that the emulator is pinned to, if any. */
  get region(): string | undefined {
    return this.#world.region
  }

  /** The repositories of all registries. */
  get repositories(): readonly Repository[] {
    return this.#world.repositories
  }

  /** The buckets of all accounts. */
  get buckets(): readonly Bucket[] {
    return [...this.#world.buckets.values()]
  }

  trustAnchor(arn: string): TrustAnchor | undefined {
    return this.#world.trustAnchors.get(arn)
  }

  profile(arn: string): Profile | undefined {
    return this.#world.profiles.get(arn)
  }

  role(arn: string): Role | undefined {
    return this.#world.roles.get(arn)
  }

  bucket(name: string): Bucket | undefined {
    return this.#world.buckets.get(name)
  }

  /**
   * Puts another state in place of this one; objects put into buckets are lost.
   *
   * @throws RolesAnywhereError `ERR_RA_EMULATOR_STATE_INVALID`; the old state stays then.
   */
  replace(document: StateDocument | EmulatorState): void {
    this.#world = document instanceof EmulatorState ? document.#world : stateOf(document).#world
  }

  /**
   * Enables or disables a trust anchor.
   *
   * @throws TypeError when there is no such trust anchor.
   */
  setTrustAnchorEnabled(arn: string, enabled: boolean): void {
    this.#changeAnchor(arn, (anchor) => ({ ...anchor, enabled }))
  }

  /**
   * Enables or disables a profile.
   *
   * @throws TypeError when there is no such profile.
   */
  setProfileEnabled(arn: string, enabled: boolean): void {
    const profile = this.#world.profiles.get(arn)
    if (!profile) throw new TypeError(`no profile ${arn}`)
    const profiles = new Map(this.#world.profiles).set(arn, { ...profile, enabled })
    this.#world = { ...this.#world, profiles }
  }

  /**
   * Imports a CRL, PEM or DER, that the trust anchor signed.
   *
   * @throws TypeError when there is no such trust anchor.
   * @throws RolesAnywhereError `ERR_RA_EMULATOR_STATE_INVALID` when the list is unusable, or is one
   *   more than the service takes.
   */
  addCrl(trustAnchorArn: string, crl: string | Uint8Array, options?: { enabled?: boolean }): void {
    this.#changeAnchor(trustAnchorArn, (anchor) => {
      if (anchor.revocationLists.length >= MAX_CRLS) {
        const message = `trust anchor ${trustAnchorArn} has ${MAX_CRLS} CRLs already`
        throw new RolesAnywhereError('ERR_RA_EMULATOR_STATE_INVALID', message, {
          hint: 'the service takes no more; use replace() to start over',
        })
      }
      const bytes = Buffer.from(crl)
      const list = readCrl(bytes, anchor, options?.enabled ?? true)
      return { ...anchor, revocationLists: [...anchor.revocationLists, list] }
    })
  }

  /**
   * Enables or disables all CRLs of a trust anchor.
   *
   * @throws TypeError when there is no such trust anchor.
   */
  setCrlsEnabled(trustAnchorArn: string, enabled: boolean): void {
    this.#changeAnchor(trustAnchorArn, (anchor) => ({
      ...anchor,
      revocationLists: anchor.revocationLists.map((list) => ({ ...list, enabled })),
    }))
  }

  #changeAnchor(arn: string, change: (anchor: TrustAnchor) => TrustAnchor): void {
    const anchor = this.#world.trustAnchors.get(arn)
    if (!anchor) throw new TypeError(`no trust anchor ${arn}`)
    const trustAnchors = new Map(this.#world.trustAnchors).set(arn, change(anchor))
    this.#world = { ...this.#world, trustAnchors }
  }
}

/**
 * Reads a state document.
 *
 * @param source How messages name the document.
 * @param readFile Reads the files that the document names; without it, naming one is a problem.
 * @throws RolesAnywhereError `ERR_RA_EMULATOR_STATE_INVALID`.
 */
export function stateOf(
  document: unknown,
  source = 'emulator state',
  readFile: ReadFile = noFiles,
): EmulatorState {
  return new EmulatorState(parseState(document, source, readFile))
}

function readCrl(
  bytes: Buffer,
  anchor: TrustAnchor,
  enabled: boolean,
): TrustAnchor['revocationLists'][number] {
  try {
    return parseRevocationList(bytes, anchor.certificates, enabled)
  } catch (error) {
    const message = `CRL for trust anchor ${anchor.arn.text}: not a usable CRL`
    throw new RolesAnywhereError('ERR_RA_EMULATOR_STATE_INVALID', message, {
      cause: error,
      hint: UNUSABLE_CRL,
    })
  }
}

const noFiles: ReadFile = () => {
  throw new Error('a state that is not a file names no files')
}
