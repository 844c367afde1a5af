import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Registers hooks that give each test of a suite an empty folder and remove it afterwards. */
export function temporaryFolder(): { readonly path: string } {
  const folder = { path: '' }
  beforeEach(async () => {
    folder.path = await mkdtemp(join(tmpdir(), 'rolesanywhere-test-'))
  })
  afterEach(async () => {
    await rm(folder.path, { recursive: true, force: true })
  })
  return folder
}
