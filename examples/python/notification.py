"""python3 notification.py <public.pem> POST|GET < body or query: says whether a notification is genuine."""

import json
import sys
from urllib.parse import parse_qsl

from vyplata import is_genuine_notification

public_file, method = sys.argv[1:3]
text = sys.stdin.buffer.read().decode()
values = dict(parse_qsl(text, keep_blank_values=True)) if method == "GET" else json.loads(text)
with open(public_file, "rb") as file:
    is_genuine = is_genuine_notification(values, method, file.read())
print(f"genuine {values['id']} {values['payment_status']}" if is_genuine else "not genuine")
sys.exit(0 if is_genuine else 1)
