"""Needs Python 3.9 with requests and cryptography. Signs, sends, repeats safely, verifies notifications."""

import base64
import json
import random
import re
import time

import requests
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding


class PayoutRefused(Exception):
    """Nothing was created, for certain. `errors` says why, per field."""

    def __init__(self, errors):
        super().__init__(json.dumps(errors, ensure_ascii=False))
        self.errors = errors


class PayoutUnknown(Exception):
    """It is not known whether the payout exists: ask the status later, and never pay in another way meanwhile."""


class Vyplata:
    def __init__(self, url, account, cert_dir):
        with open(f"{cert_dir}/password.txt", "rb") as file:
            password = file.read().rstrip(b"\r\n")
        with open(f"{cert_dir}/private.pem", "rb") as file:
            self._key = serialization.load_pem_private_key(file.read(), password=password)
        self._url = url
        self._account = account

    # [create]
    def create_payout(self, order):
        """Orders a payout. The same bytes go out on every try, so it pays at most once."""
        body = json.dumps(order).encode()
        every_try_said_no = True
        for attempt in range(4):
            answer = self._send("/v1/payout", body)
            if answer and answer["status"] == 200 and not answer["json"].get("errors"):
                return answer["json"]["id"]
            errors = answer["json"].get("errors", {}) if answer else {}
            created = answer["created"] if answer else "unknown"
            if created == "yes" and "order_id" in errors:
                raise PayoutRefused(errors)  # another order has this order_id
            # A service without the header: its 400 to a first try is a refusal, unless the order_id is taken.
            is_plain_refusal = created is None and attempt == 0 and answer["status"] == 400 and "order_id" not in errors
            every_try_said_no = every_try_said_no and (created == "no" or (is_plain_refusal and bool(errors)))
            may_pass = not answer or answer["status"] == 429 or answer["status"] >= 500
            if not may_pass or attempt == 3:
                break
            time.sleep(random.uniform(0.25, 0.5) * 2**attempt)
        if every_try_said_no:
            raise PayoutRefused(errors)
        found = self.status({"order_id": order["order_id"]})
        if found:
            return found["id"]
        raise PayoutUnknown(f"Ask the status of order {order['order_id']} later.")
    # [/create]

    def status(self, ref):
        """The documented answer, or None when there is none."""
        answer = self._send("/v1/payout/status", json.dumps(ref).encode())
        return answer["json"] if answer and answer["status"] == 200 and not answer["json"].get("errors") else None

    def wait_until_final(self, ref, seconds=600):
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            status = self.status(ref)
            if status and status["payment_status"] in ("paid", "fail", "cancel"):
                return status
            time.sleep(1)
        raise PayoutUnknown("Not final yet. It goes on by itself.")

    # [send]
    def _send(self, path, body):
        """One signed request; None when no answer came. TLS certificates are verified, as requests does by default."""
        signature = self._key.sign(body, padding.PKCS1v15(), hashes.SHA1())
        headers = {
            "Content-Type": "application/json",
            "Account": self._account,
            "Sign": base64.b64encode(signature).decode(),
        }
        try:
            # `data` and not `json`: requests would encode the order again, and the signature would not fit.
            response = requests.post(
                self._url + path, data=body, headers=headers, timeout=(10, 30), allow_redirects=False
            )
        except requests.RequestException:
            return None
        try:
            answer = response.json()
        except ValueError:
            answer = {}
        created = response.headers.get("Payout-Created")
        return {"status": response.status_code, "created": created, "json": answer if isinstance(answer, dict) else {}}
    # [/send]


# [verify]
FIELDS = (
    "type id order_id payment_status amount payment_amount commission_amount is_partial_payment account service desc"
).split()


def escape_units(match):
    units = match[0].encode("utf-16-be").hex()
    return "".join("\\u" + units[at : at + 4] for at in range(0, len(units), 4))


def is_genuine_notification(values, method, public_pem):
    """Whether a notification is real. `values` is the parsed body of a POST, or the parsed query of a GET."""
    if not all(isinstance(values.get(field), (str, int, bool)) for field in FIELDS):
        return False
    signed = {field: values[field] for field in FIELDS}
    try:
        if method == "GET":
            signed["id"] = int(signed["id"])
        # What json_encode of PHP makes of it: no spaces, a slash is \/, and what is not ASCII is \uXXXX. The escapes of
        # json.dumps will not do: it escapes the character 7F too, which PHP leaves alone.
        text = json.dumps(signed, separators=(",", ":"), ensure_ascii=False).replace("/", "\\/")
        text = re.sub("[^\x00-\x7f]", escape_units, text)
        signature = base64.b64decode(values.get("sign") or "", validate=True)
        key = serialization.load_pem_public_key(public_pem)
        key.verify(signature, text.encode(), padding.PKCS1v15(), hashes.SHA1())
        return True
    except (InvalidSignature, ValueError, TypeError):
        return False
# [/verify]
