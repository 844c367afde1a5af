import { execCommand } from '../sidecar/server/exec-command.js'
import { serveCommand } from '../sidecar/server/command.js'
import { updateCommand } from './cli/update.js'
import { inside, runProcess } from './run-process.js'

// These stay beside every workload for as long as it runs: a bundle of their own, because what else was
// in it would be held in memory all the time.
runProcess({
  serve: inside(serveCommand),
  exec: inside(execCommand),
  update: inside(updateCommand),
})
