"""python3 payout.py <order_id> <amount> <number> <service>: orders a payout and waits for its end.

Exit codes: 0 paid, 1 refused, 3 not known yet, 4 failed or cancelled.
"""

import json
import os
import sys

from vyplata import PayoutRefused, PayoutUnknown, Vyplata

order_id, amount, number, service = sys.argv[1:5]
vyplata = Vyplata(os.environ["VYPLATA_URL"], os.environ["VYPLATA_ACCOUNT"], os.environ["VYPLATA_CERT_DIR"])
try:
    payout_id = vyplata.create_payout(
        {"order_id": order_id, "amount": amount, "number": number, "service": service}
    )
    final = vyplata.wait_until_final({"id": payout_id})
    print(json.dumps(final))
    sys.exit(0 if final["payment_status"] == "paid" else 4)
except PayoutRefused as refused:
    print(json.dumps({"errors": refused.errors}, ensure_ascii=False))
    sys.exit(1)
except PayoutUnknown as unknown:
    print(unknown, file=sys.stderr)
    sys.exit(3)
