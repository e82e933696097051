// java -cp … Example payout <order_id> <amount> <number> <service>: orders a payout and waits for its end.
// java -cp … Example notification <public.pem> POST|GET < body or query: says whether a notification is genuine.
// Exit codes: 0 paid or genuine, 1 refused or not genuine, 3 not known yet, 4 failed or cancelled.

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;

public final class Example {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  public static void main(String[] args) throws Exception {
    if (args.length == 5 && args[0].equals("payout")) System.exit(pay(args));
    if (args.length == 3 && args[0].equals("notification")) System.exit(judge(args[1], args[2]));
    System.err.println("usage: payout <order_id> <amount> <number> <service>, or notification <public.pem> POST|GET");
    System.exit(2);
  }

  private static int pay(String[] args) throws Exception {
    var env = System.getenv();
    var vyplata =
        new Vyplata(env.get("VYPLATA_URL"), env.get("VYPLATA_ACCOUNT"), Path.of(env.get("VYPLATA_CERT_DIR")));
    Map<String, Object> order =
        Map.of("order_id", args[1], "amount", args[2], "number", args[3], "service", args[4]);
    try {
      JsonNode last = vyplata.waitUntilFinal(vyplata.createPayout(order), Duration.ofMinutes(10));
      System.out.println(last);
      return last.path("payment_status").asText().equals("paid") ? 0 : 4;
    } catch (Vyplata.PayoutRefused refused) {
      System.out.println(MAPPER.createObjectNode().set("errors", refused.errors));
      return 1;
    } catch (Vyplata.PayoutUnknown unknown) {
      System.err.println(unknown.getMessage());
      return 3;
    }
  }

  private static int judge(String publicFile, String method) throws Exception {
    String input = new String(System.in.readAllBytes(), StandardCharsets.UTF_8);
    JsonNode values = method.equals("GET") ? readQuery(input) : MAPPER.readTree(input);
    boolean isGenuine = Vyplata.isGenuineNotification(values, method, Files.readString(Path.of(publicFile)));
    System.out.println(
        isGenuine
            ? "genuine " + values.path("id").asText() + " " + values.path("payment_status").asText()
            : "not genuine");
    return isGenuine ? 0 : 1;
  }

  private static JsonNode readQuery(String query) {
    ObjectNode values = MAPPER.createObjectNode();
    for (String pair : query.split("&")) {
      String[] parts = pair.split("=", 2);
      values.put(
          URLDecoder.decode(parts[0], StandardCharsets.UTF_8),
          URLDecoder.decode(parts.length > 1 ? parts[1] : "", StandardCharsets.UTF_8));
    }
    return values;
  }
}
