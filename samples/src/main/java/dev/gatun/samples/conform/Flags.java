package dev.gatun.samples.conform;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.Set;

/// The attributes of a golden case. A flag that no adapter asked for is not supported, which is a
/// failure and not a guess.
final class Flags {
  /// How inputs were drawn; no operator has these.
  private static final Set<String> LABELS = Set.of("zkind", "big", "dt_min", "dt_max", "init");

  private final JsonNode node;
  private final Set<String> read = new HashSet<>();

  Flags(JsonNode node) {
    this.node = node;
  }

  /// A fresh view in which no flag has been asked for.
  Flags unread() {
    return new Flags(node);
  }

  /// The flag `name`, empty where it is absent or null.
  private Optional<JsonNode> find(String name) {
    read.add(name);
    return Optional.ofNullable(node.get(name)).filter(n -> !n.isNull());
  }

  /// @throws UncoveredCase if it is another kind of value
  Optional<String> text(String name) {
    return find(name).map(n -> require(n, n.isTextual(), name, "text").textValue());
  }

  /// @throws UncoveredCase if it is another kind of value
  boolean bool(String name, boolean absent) {
    return find(name)
        .map(n -> require(n, n.isBoolean(), name, "true or false").booleanValue())
        .orElse(absent);
  }

  /// @throws UncoveredCase if it is another kind of value
  double number(String name, double absent) {
    return find(name)
        .map(n -> require(n, n.isNumber(), name, "a number").doubleValue())
        .orElse(absent);
  }

  /// @throws UncoveredCase if it is another kind of value
  long integer(String name, long absent) {
    return find(name)
        .map(n -> require(n, n.canConvertToExactIntegral(), name, "an integer").longValue())
        .orElse(absent);
  }

  /// A number, or nothing where the flag is absent, null or the text `usual`.
  ///
  /// @throws UncoveredCase if it is another kind of value
  OptionalDouble numberOr(String name, String usual) {
    Optional<JsonNode> n = find(name).filter(v -> !v.asText().equals(usual));
    return n.isEmpty() ? OptionalDouble.empty() : OptionalDouble.of(number(name, 0));
  }

  /// An integer, or nothing where the flag is absent or null.
  ///
  /// @throws UncoveredCase if it is another kind of value
  OptionalLong integer(String name) {
    return find(name).isEmpty() ? OptionalLong.empty() : OptionalLong.of(integer(name, 0));
  }

  /// `size` integers, nothing in place of null; all nothing where the flag is absent or null.
  ///
  /// @throws UncoveredCase if it is another kind of value
  List<OptionalLong> integers(String name, int size) {
    Optional<JsonNode> n = find(name);
    n.ifPresent(v -> require(v, v.isArray() && v.size() == size, name, size + " integers"));
    List<OptionalLong> values = new ArrayList<>();
    for (int i = 0; i < size; i++) {
      int at = i;
      Optional<JsonNode> one = n.map(v -> v.get(at)).filter(v -> !v.isNull());
      one.ifPresent(v -> require(v, v.canConvertToExactIntegral(), name, size + " integers"));
      values.add(one.isPresent() ? OptionalLong.of(one.get().longValue()) : OptionalLong.empty());
    }
    return values;
  }

  private static JsonNode require(JsonNode n, boolean holds, String name, String kind) {
    if (!holds) {
      throw new UncoveredCase("flag '%s' must be %s; got %s".formatted(name, kind, n));
    }
    return n;
  }

  /// True if a flag with `part` in its name is set.
  boolean anyTrue(String part) {
    return node.properties().stream()
        .anyMatch(e -> e.getKey().contains(part) && e.getValue().asBoolean());
  }

  /// Flags that nobody asked for.
  List<String> unused() {
    List<String> unused = new ArrayList<>();
    for (var flag : node.properties()) {
      if (!read.contains(flag.getKey()) && !LABELS.contains(flag.getKey())) {
        unused.add("flag '%s' = %s".formatted(flag.getKey(), flag.getValue()));
      }
    }
    return unused;
  }
}
