<?php
// A receiver as the published documentation describes it: rebuild the JSON and verify it. Lines of stdin are
// {"method", "body"}; each is answered with the result of openssl_verify.
$key = openssl_pkey_get_public(file_get_contents($argv[1]));
while (($line = fgets(STDIN)) !== false) {
    $received = json_decode($line, true);
    if ($received['method'] === 'GET') {
        parse_str(parse_url($received['body'], PHP_URL_QUERY), $data);
        $data['id'] = (int) $data['id'];
    } else {
        $data = json_decode($received['body'], true);
    }
    $sign = base64_decode($data['sign']);
    unset($data['sign']);
    echo openssl_verify(json_encode($data), $sign, $key), "\n";
}
