// node payout.mjs <order_id> <amount> <number> <service>: orders a payout and waits for its end.
// Exit codes: 0 paid, 1 refused, 3 not known yet, 4 failed or cancelled.
import { PayoutRefused, PayoutUnknown, Vyplata } from './vyplata.mjs';

const [orderId, amount, number, service] = process.argv.slice(2);
const { VYPLATA_URL: url, VYPLATA_ACCOUNT: account, VYPLATA_CERT_DIR: certDir } = process.env;
const vyplata = new Vyplata({ url, account, certDir });
try {
  const id = await vyplata.createPayout({ order_id: orderId, amount, number, service });
  const final = await vyplata.waitUntilFinal({ id });
  console.log(JSON.stringify(final));
  process.exitCode = final.payment_status === 'paid' ? 0 : 4;
} catch (error) {
  if (error instanceof PayoutRefused) console.log(JSON.stringify({ errors: error.errors }));
  else console.error(error.message);
  process.exitCode = error instanceof PayoutRefused ? 1 : error instanceof PayoutUnknown ? 3 : 70;
}
