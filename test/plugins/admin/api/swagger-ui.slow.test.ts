// The page in a real browser. It may load nothing from elsewhere, and its policy must not be in its own way.
import { chromium } from 'playwright-core'
import t from 'tap'
import { startAdmin } from '../../../support/admin-client.ts'
import { hasChromium } from '../../../support/chromium.ts'

t.test('a browser shows the API', { skip: !hasChromium && 'there is no chromium' }, async (t) => {
  const { url } = await startAdmin(t)
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] })
  t.teardown(() => browser.close())
  const page = await browser.newPage()
  const asked: string[] = []
  const complaints: string[] = []
  page.on('request', (request) => void asked.push(request.url()))
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text())
  })
  page.on('pageerror', (error) => void complaints.push(error.message))
  await page.goto(`${url}/docs`)
  await page.waitForSelector('#operations-registry-patchEndpoint')
  t.match(await page.textContent('.info .title'), /Weir admin API/)
  await page.click('#operations-meta-getLive .opblock-summary-control')
  await page.click('#operations-meta-getLive .try-out__btn')
  await page.click('#operations-meta-getLive .execute')
  const response = await page.waitForSelector(
    '#operations-meta-getLive .live-responses-table tbody .response-col_status',
  )
  t.match(await response.textContent(), /200/)
  t.strictSame(complaints, [])
  t.strictSame(
    asked.filter((one) => !one.startsWith(`${url}/`) && !one.startsWith('data:')),
    [],
  )
})
