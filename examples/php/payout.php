<?php
// php payout.php <order_id> <amount> <number> <service>: orders a payout and waits for its end.
// Exit codes: 0 paid, 1 refused, 3 not known yet, 4 failed or cancelled.

declare(strict_types=1);

require __DIR__ . '/vyplata.php';

[, $orderId, $amount, $number, $service] = $argv;
$vyplata = new Vyplata(getenv('VYPLATA_URL'), getenv('VYPLATA_ACCOUNT'), getenv('VYPLATA_CERT_DIR'));
$order = ['order_id' => $orderId, 'amount' => $amount, 'number' => $number, 'service' => $service];
try {
    $id = $vyplata->createPayout($order);
    $final = $vyplata->waitUntilFinal(['id' => $id]);
    echo json_encode($final), "\n";
    exit($final['payment_status'] === 'paid' ? 0 : 4);
} catch (PayoutRefused $refused) {
    echo json_encode(['errors' => $refused->errors], JSON_UNESCAPED_UNICODE), "\n";
    exit(1);
} catch (PayoutUnknown $unknown) {
    fwrite(STDERR, $unknown->getMessage() . "\n");
    exit(3);
}
