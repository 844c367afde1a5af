import { COMMANDS } from './commands.js'
import { runProcess } from './run-process.js'

runProcess(COMMANDS)
