<?php
// Needs PHP 8 with curl, json and openssl, nothing else. Signs, sends, repeats safely, verifies notifications.

declare(strict_types=1);

/** Nothing was created, for certain. `errors` says why, per field. */
final class PayoutRefused extends RuntimeException
{
    public function __construct(public readonly array $errors)
    {
        parent::__construct(json_encode($errors, JSON_UNESCAPED_UNICODE));
    }
}

/** It is not known whether the payout exists: ask the status later, and never pay in another way meanwhile. */
final class PayoutUnknown extends RuntimeException
{
}

final class Vyplata
{
    private OpenSSLAsymmetricKey $key;

    public function __construct(private string $url, private string $account, string $certDir)
    {
        $password = rtrim((string) file_get_contents("$certDir/password.txt"), "\r\n");
        $key = openssl_pkey_get_private((string) file_get_contents("$certDir/private.pem"), $password);
        if ($key === false) {
            throw new RuntimeException('The key cannot be opened: password.txt and private.pem must be of one archive.');
        }
        $this->key = $key;
    }

    // [create]
    /** Orders a payout. The same bytes go out on every try, so it pays at most once. */
    public function createPayout(array $order): int
    {
        $body = json_encode($order, JSON_THROW_ON_ERROR);
        $everyTrySaidNo = true;
        for ($try = 1; $try <= 4; $try++) {
            $answer = $this->send('/v1/payout', $body);
            if ($answer !== null && $answer['status'] === 200 && empty($answer['json']['errors'])) {
                return (int) $answer['json']['id'];
            }
            $errors = $answer['json']['errors'] ?? [];
            $created = $answer['created'] ?? null;
            if ($created === 'yes' && isset($errors['order_id'])) {
                throw new PayoutRefused($errors); // another order has this order_id
            }
            // A service without the header: its 400 to a first try is a refusal, unless the order_id is taken.
            $isPlainRefusal = $try === 1 && ($answer['status'] ?? 0) === 400 && $errors && !isset($errors['order_id']);
            $everyTrySaidNo = $everyTrySaidNo && ($created === 'no' || ($created === null && $isPlainRefusal));
            $mayPass = $answer === null || $answer['status'] === 429 || $answer['status'] >= 500;
            if (!$mayPass || $try === 4) {
                break;
            }
            usleep(random_int(250, 500) * 1000 * 2 ** ($try - 1));
        }
        if ($everyTrySaidNo) {
            throw new PayoutRefused($errors);
        }
        $found = $this->status(['order_id' => $order['order_id']]);
        if (isset($found['id'])) {
            return (int) $found['id'];
        }
        throw new PayoutUnknown("Ask the status of order {$order['order_id']} later.");
    }
    // [/create]

    /** The documented answer, or an empty array when there is none. */
    public function status(array $ref): array
    {
        $answer = $this->send('/v1/payout/status', json_encode($ref, JSON_THROW_ON_ERROR));
        return $answer !== null && $answer['status'] === 200 && empty($answer['json']['errors']) ? $answer['json'] : [];
    }

    public function waitUntilFinal(array $ref, int $seconds = 600): array
    {
        $until = microtime(true) + $seconds;
        do {
            $status = $this->status($ref);
            if (in_array($status['payment_status'] ?? '', ['paid', 'fail', 'cancel'], true)) {
                return $status;
            }
            sleep(1);
        } while (microtime(true) < $until);
        throw new PayoutUnknown('Not final yet. It goes on by itself.');
    }

    // [send]
    /** One signed request; null when no answer came. */
    private function send(string $path, string $body): ?array
    {
        if (!openssl_sign($body, $signature, $this->key, OPENSSL_ALGO_SHA1)) {
            throw new RuntimeException('The body could not be signed.');
        }
        $created = null;
        $curl = curl_init($this->url . $path);
        curl_setopt_array($curl, [
            CURLOPT_POST => true,
            CURLOPT_POSTFIELDS => $body,
            CURLOPT_HTTPHEADER => [
                'Content-Type: application/json',
                'Account: ' . $this->account,
                'Sign: ' . base64_encode($signature),
            ],
            CURLOPT_RETURNTRANSFER => true,
            CURLOPT_FOLLOWLOCATION => false,
            CURLOPT_SSL_VERIFYPEER => true,
            CURLOPT_SSL_VERIFYHOST => 2,
            CURLOPT_CONNECTTIMEOUT => 10,
            CURLOPT_TIMEOUT => 30,
            CURLOPT_HEADERFUNCTION => function ($curl, string $line) use (&$created): int {
                if (preg_match('/^payout-created:\s*(\w+)/i', $line, $match)) {
                    $created = $match[1];
                }
                return strlen($line);
            },
        ]);
        $text = curl_exec($curl);
        $status = curl_getinfo($curl, CURLINFO_RESPONSE_CODE);
        if ($text === false) {
            return null;
        }
        return ['status' => $status, 'created' => $created, 'json' => json_decode($text, true)];
    }
    // [/send]
}

// [verify]
/** Whether a notification is real. `$values` is the decoded body of a POST, or $_GET. */
function isGenuineNotification(array $values, string $method, string $publicPem): bool
{
    $fields = ['type', 'id', 'order_id', 'payment_status', 'amount', 'payment_amount', 'commission_amount',
        'is_partial_payment', 'account', 'service', 'desc'];
    $signed = [];
    foreach ($fields as $field) {
        if (!isset($values[$field]) || !is_scalar($values[$field])) {
            return false;
        }
        $signed[$field] = $values[$field];
    }
    if ($method === 'GET') {
        $signed['id'] = (int) $signed['id'];
    }
    $signature = base64_decode(is_string($values['sign'] ?? null) ? $values['sign'] : '', true);
    $text = json_encode($signed);
    return $signature !== false && $text !== false
        && openssl_verify($text, $signature, $publicPem, OPENSSL_ALGO_SHA1) === 1;
}
// [/verify]
