import { RolesAnywhereError } from '../errors.js'
import type { Secret } from '../secret.js'
import type { DeviceKey } from '../x509/device-key.js'
import { CK, type Cryptoki, returnValueOf } from './cryptoki.js'

/** A PKCS#11 module that is loaded and initialized. */
export interface Pkcs11Module {
  readonly api: Cryptoki
  /** What messages call it. */
  readonly name: string
  /** Keys that were opened, so that looking at the certificate again needs no login. */
  readonly keys: Map<string, DeviceKey>
  /** By serial number of the token: a PIN that it refused. Trying it again would lock the token. */
  readonly refusedPins: Map<string, Secret>
}

/** A module can be initialized only once in a process, whoever asks for it: hence global. */
const loaded = new Map<string, Pkcs11Module>()

/** p11-kit knows all modules of a system. Its proxy and the library itself are the same file on Linux. */
const DEFAULT_LIBRARIES: Readonly<Partial<Record<NodeJS.Platform, readonly string[]>>> = {
  darwin: [
    'p11-kit-proxy.dylib',
    '/opt/homebrew/lib/p11-kit-proxy.dylib',
    '/usr/local/lib/p11-kit-proxy.dylib',
  ],
  win32: ['p11-kit-proxy.dll'],
}
const OTHER_SYSTEMS = ['p11-kit-proxy.so', 'libp11-kit.so.0']

/**
 * Loads a module, once in a process.
 *
 * @param library Path, or a name that the system's loader finds. Default: p11-kit.
 * @throws RolesAnywhereError `ERR_RA_PKCS11_UNAVAILABLE` when the package `pkcs11js` or the module is
 *   not there or does not work.
 */
export async function loadModule(library: string | undefined): Promise<Pkcs11Module> {
  const known = loaded.get(library ?? '')
  if (known) return known
  const Api = await loadPackage()
  const candidates =
    library === undefined ? (DEFAULT_LIBRARIES[process.platform] ?? OTHER_SYSTEMS) : [library]
  const name = `PKCS#11 module "${candidates[0] ?? ''}"`
  // While the package was loaded, somebody else may have come first.
  const found = loaded.get(library ?? '') ?? {
    api: openLibrary(Api, candidates, name),
    name,
    keys: new Map<string, DeviceKey>(),
    refusedPins: new Map<string, Secret>(),
  }
  loaded.set(library ?? '', found)
  return found
}

async function loadPackage(): Promise<new () => Cryptoki> {
  try {
    // As a plain string: the compiler must not look for a package that need not be installed.
    const found = (await import('pkcs11js' as string)) as {
      readonly default: { readonly PKCS11: new () => Cryptoki }
    }
    return found.default.PKCS11
  } catch (cause) {
    throw new RolesAnywhereError(
      'ERR_RA_PKCS11_UNAVAILABLE',
      'pkcs11: URIs need the optional package pkcs11js, which is not installed or was not built',
      {
        cause,
        hint: 'run `npm install pkcs11js` where this program is installed, with a C++ compiler, make and Python 3; npm may want its install script approved',
      },
    )
  }
}

function openLibrary(
  Api: new () => Cryptoki,
  candidates: readonly string[],
  name: string,
): Cryptoki {
  let failure: unknown
  for (const path of candidates) {
    try {
      const api = new Api()
      api.load(path)
      return initialized(api, name)
    } catch (error) {
      if (error instanceof RolesAnywhereError) throw error
      failure ??= error
    }
  }
  throw new RolesAnywhereError('ERR_RA_PKCS11_UNAVAILABLE', `${name} cannot be loaded`, {
    cause: failure,
    hint: 'name the module of your token with --pkcs11-lib, or install p11-kit',
  })
}

function initialized(api: Cryptoki, name: string): Cryptoki {
  try {
    // Signatures are made on a thread of their own.
    api.C_Initialize({ flags: CK.CKF_OS_LOCKING_OK })
  } catch (cause) {
    if (returnValueOf(cause) === CK.CKR_CRYPTOKI_ALREADY_INITIALIZED) return api
    throw new RolesAnywhereError(
      'ERR_RA_PKCS11_UNAVAILABLE',
      `${name} does not start${reasonOf(cause)}`,
      { cause, hint: 'check the configuration of the module, and who may read it' },
    )
  }
  return api
}

/** `: CKR_…` as the module reported it, or nothing: other texts may hold anything. */
export function reasonOf(error: unknown): string {
  const { message } = (error ?? {}) as { readonly message?: unknown }
  return typeof message === 'string' && /^CKR_[A-Z0-9_]+$/.test(message) ? `: ${message}` : ''
}
