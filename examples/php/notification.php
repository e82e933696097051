<?php
// php notification.php <public.pem> POST|GET < body or query: says whether a notification is genuine.

declare(strict_types=1);

require __DIR__ . '/vyplata.php';

[, $publicFile, $method] = $argv;
$input = (string) file_get_contents('php://stdin');
if ($method === 'GET') {
    parse_str($input, $values);
} else {
    $values = json_decode($input, true) ?? [];
}
$isGenuine = isGenuineNotification($values, $method, (string) file_get_contents($publicFile));
echo $isGenuine ? "genuine {$values['id']} {$values['payment_status']}\n" : "not genuine\n";
exit($isGenuine ? 0 : 1);
