import { credentialProcessCommand } from './cli/credential-process.js'
import { inside, runProcess } from './run-process.js'

/** For the parts of this program that have a bundle of their own: there is one class of errors. */
export { KIND_OF, kindOf, RolesAnywhereError } from './errors.js'

// The command that runs once for every AWS CLI call has a bundle of its own: nothing else is in it,
// so that the bundler can leave out all that it does not use. `src/entry.ts` chooses.
runProcess({ 'credential-process': inside(credentialProcessCommand) })
