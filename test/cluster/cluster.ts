import { after, before } from 'mocha'
import { type ControlPlane, type ControlPlaneOptions, startControlPlane } from './control-plane.js'
import { buildPrograms, obstacle } from './programs.js'

/**
 * Registers hooks that give a suite a control plane of its own. On a machine that cannot have one the
 * suite is skipped, and says why.
 */
export function realCluster(options: ControlPlaneOptions = {}): { readonly plane: ControlPlane } {
  const held: { plane?: ControlPlane } = {}
  before(async function () {
    this.timeout(0)
    const why = obstacle()
    if (why !== undefined) {
      console.error(`    skipped: ${why}`)
      this.skip()
    }
    const programs = await buildPrograms((line) => {
      console.error(`    ${line}`)
    })
    held.plane = await startControlPlane(programs, options)
  })
  after(async () => held.plane?.stop())
  return {
    get plane() {
      if (!held.plane) throw new Error('the control plane is not running')
      return held.plane
    },
  }
}
