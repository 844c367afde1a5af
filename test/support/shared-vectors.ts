import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** Folder of the third-party recordings; they are data and not part of this repository. */
export const VECTORS = fileURLToPath(new URL('../../../shared/vectors/', import.meta.url))

/** Whether the recordings are on this machine. Tests that need them skip, and say so, without. */
export const HAS_VECTORS = existsSync(`${VECTORS}create-session.json`)
