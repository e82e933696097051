export const languages = ['PHP', 'Node.js', 'Python', 'Java', 'Go', 'curl'] as const;
export type Language = (typeof languages)[number];

export type Filling = {
  readonly baseUrl: string;
  readonly account: string;
  readonly service: string;
  /** The recipient's kind: which number the sample pays to. */
  readonly kind: string;
  readonly endpointId: number | undefined;
};

const numbers: Readonly<Record<string, string>> = {
  card: '4242424242424242',
  iban: 'DE89370400440532013000',
  russian_account: '40702810900000002453',
};

/**
 * A program that orders one payout. It reads password.txt and private.pem, as the archive holds them, from the folder
 * it is started in, and signs the very bytes that it sends.
 */
export function writeSnippet(language: Language, filling: Filling): string {
  const number = numbers[filling.kind] ?? '79001112233';
  return writers[language]({ ...filling, number });
}

type Filled = Filling & { readonly number: string };

/** The fields after order_id, each on a line of its own in the way of the language. */
function listFields(filled: Filled, write: (name: string, value: string) => string): string[] {
  const { service, number, endpointId } = filled;
  return [
    write('amount', '"100.00"'),
    write('number', `"${number}"`),
    write('service', `"${service}"`),
    ...(endpointId === undefined ? [] : [write('notification_endpoint_id', String(endpointId))]),
  ];
}

const writers: Readonly<Record<Language, (filled: Filled) => string>> = {
  PHP: (filled) => `<?php
$body = json_encode([
    'order_id' => 'order-' . time(),
${listFields(filled, (name, value) => `    '${name}' => ${value.replaceAll('"', "'")},`).join('\n')}
]);
$key = openssl_pkey_get_private(file_get_contents('private.pem'), file_get_contents('password.txt'));
openssl_sign($body, $sign, $key, OPENSSL_ALGO_SHA1);

$request = curl_init('${filled.baseUrl}/v1/payout');
curl_setopt_array($request, [
    CURLOPT_POSTFIELDS => $body,
    CURLOPT_HTTPHEADER => [
        'Content-Type: application/json',
        'Account: ${filled.account}',
        'Sign: ' . base64_encode($sign),
    ],
    CURLOPT_RETURNTRANSFER => true,
    CURLOPT_TIMEOUT => 30,
]);
echo curl_exec($request), PHP_EOL;
`,
  'Node.js': (filled) => `import { createSign } from 'node:crypto';
import { readFileSync } from 'node:fs';

const body = JSON.stringify({
  order_id: \`order-\${Date.now()}\`,
${listFields(filled, (name, value) => `  ${name}: ${value.replaceAll('"', "'")},`).join('\n')}
});
const key = { key: readFileSync('private.pem'), passphrase: readFileSync('password.txt', 'utf8') };
const sign = createSign('RSA-SHA1').update(body).sign(key, 'base64');

const answer = await fetch('${filled.baseUrl}/v1/payout', {
  method: 'POST',
  headers: { 'Content-Type': 'application/json', Account: '${filled.account}', Sign: sign },
  body,
});
console.log(await answer.text());
`,
  Python: (filled) => `import base64, json, time, urllib.error, urllib.request
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding

body = json.dumps({
    "order_id": f"order-{time.time_ns()}",
${listFields(filled, (name, value) => `    "${name}": ${value},`).join('\n')}
}).encode()
password = open("password.txt", "rb").read()
key = serialization.load_pem_private_key(open("private.pem", "rb").read(), password)
sign = base64.b64encode(key.sign(body, padding.PKCS1v15(), hashes.SHA1())).decode()

request = urllib.request.Request("${filled.baseUrl}/v1/payout", body, {
    "Content-Type": "application/json",
    "Account": "${filled.account}",
    "Sign": sign,
})
try:
    print(urllib.request.urlopen(request, timeout=30).read().decode())
except urllib.error.HTTPError as refused:
    print(refused.read().decode())
`,
  Java: (filled) => `// Needs Bouncy Castle (bcpkix), which reads the encrypted private.pem.
import java.net.URI;
import java.net.http.*;
import java.nio.file.*;
import java.security.Signature;
import java.util.Base64;
import org.bouncycastle.openssl.*;
import org.bouncycastle.openssl.jcajce.*;

public class CreatePayout {
    public static void main(String[] args) throws Exception {
        String body = "{\\"order_id\\":\\"order-" + System.currentTimeMillis() + "\\""
${listFields(filled, writeJavaField).join('\n')} + "}";
        char[] password = Files.readString(Path.of("password.txt")).toCharArray();
        var pem = (PEMEncryptedKeyPair) new PEMParser(Files.newBufferedReader(Path.of("private.pem"))).readObject();
        var decryptor = new JcePEMDecryptorProviderBuilder().build(password);
        var keys = new JcaPEMKeyConverter().getKeyPair(pem.decryptKeyPair(decryptor));
        Signature signature = Signature.getInstance("SHA1withRSA");
        signature.initSign(keys.getPrivate());
        signature.update(body.getBytes("UTF-8"));

        HttpRequest request = HttpRequest.newBuilder(URI.create("${filled.baseUrl}/v1/payout"))
            .header("Content-Type", "application/json")
            .header("Account", "${filled.account}")
            .header("Sign", Base64.getEncoder().encodeToString(signature.sign()))
            .POST(HttpRequest.BodyPublishers.ofString(body))
            .build();
        System.out.println(HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString()).body());
    }
}
`,
  Go: (filled) => `package main

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"
)

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func main() {
	body := must(json.Marshal(map[string]any{
		"order_id": fmt.Sprintf("order-%d", time.Now().UnixNano()),
${listFields(filled, (name, value) => `		"${name}": ${value},`).join('\n')}
	}))
	block, _ := pem.Decode(must(os.ReadFile("private.pem")))
	der := must(x509.DecryptPEMBlock(block, must(os.ReadFile("password.txt"))))
	hash := sha1.Sum(body)
	sign := must(rsa.SignPKCS1v15(rand.Reader, must(x509.ParsePKCS1PrivateKey(der)), crypto.SHA1, hash[:]))

	request := must(http.NewRequest("POST", "${filled.baseUrl}/v1/payout", bytes.NewReader(body)))
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Account", "${filled.account}")
	request.Header.Set("Sign", base64.StdEncoding.EncodeToString(sign))
	answer := must((&http.Client{Timeout: 30 * time.Second}).Do(request))
	fmt.Println(string(must(io.ReadAll(answer.Body))))
}
`,
  curl: (filled) => `BODY='{"order_id":"order-'$(date +%s%N)'",${listFields(filled, writeJsonField).join(',')}}'
SIGN=$(printf '%s' "$BODY" | openssl dgst -sha1 -sign private.pem -passin file:password.txt | base64 -w 0)

curl -sS '${filled.baseUrl}/v1/payout' \\
  -H 'Content-Type: application/json' \\
  -H 'Account: ${filled.account}' \\
  -H "Sign: $SIGN" \\
  --data-raw "$BODY"
`,
};

function writeJsonField(name: string, value: string): string {
  return `"${name}":${value}`;
}

function writeJavaField(name: string, value: string): string {
  return `            + ",\\"${name}\\":${value.replaceAll('"', '\\"')}"`;
}
