import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { send } from '../support/client.ts'
import { folder, LAUNCH, spawnWeir, yamlFor } from '../support/process.ts'
import { until } from '../support/reload.ts'
import { startUpstream } from '../support/upstream.ts'

// A user namespace has a limit of its own, which its root may lower: a real ENOSPC for this process alone.
const LIMIT = 'echo 0 > /proc/sys/user/max_inotify_watches'
const allowed = spawnSync('unshare', ['-Ur', 'sh', '-c', LIMIT]).status === 0

// openclaw/openclaw#92851: at the limit the watch was given up; nats-io/nack#271: "no space left on device" sent people to their disk.
t.test(
  'without inotify watches a change is noticed all the same, and the log, the status and a gauge say so',
  { skip: allowed ? false : 'unshare -Ur is not allowed here: run this test where it is' },
  async (t) => {
    const upstream = await startUpstream((request, response) => void response.end(request.url))
    t.teardown(() => upstream.close())
    const cwd = await folder(t, { 'weir.yaml': yamlFor(`${upstream.url}/one`) })
    const script = `${LIMIT}; exec "${process.execPath}" "${LAUNCH}" run`
    const weir = spawnWeir(t, { cwd, program: ['unshare', '-Ur', 'sh', '-c', script], args: [] })
    const [proxy, admin] = [await weir.url('proxy'), await weir.url('admin')]
    await weir.line(({ level, msg }) => level === 40 && /can't be watched: its files are compared/.test(String(msg)))
    t.match((await send(`${admin}/config/status`)).json(), { watch: { mode: 'polling', error: /ENOSPC/ } })
    t.match((await send(`${admin}/metrics`)).body, /^weir_config_watch_up 0$/m)
    writeFileSync(join(cwd, 'weir.yaml'), yamlFor(`${upstream.url}/two`))
    const answer = await until(
      () => send(`${proxy}/orchestrator/v1/up/`),
      ({ body }) => body.startsWith('/two'),
    )
    t.equal(answer.status, 200)
    t.equal(weir.lines.filter(({ msg }) => /can't be watched/.test(String(msg))).length, 1)
    t.equal((await weir.stop()).code, 0)
  },
)
