package dev.gatun.contract;

import java.util.HashSet;
import java.util.Set;
import java.util.stream.Collectors;

/// The first case of each op, where all take too long.
public final class FirstCases {
  private final Set<OpCase> cases;

  /// Of the table [OpCases].
  public FirstCases() {
    Set<Class<?>> seen = new HashSet<>();
    cases =
        OpCases.all().stream()
            .filter(c -> seen.add(c.op().apply(Math.max(5, c.smallest())).getClass()))
            .collect(Collectors.toSet());
  }

  /// Whether `c` is one.
  public boolean has(OpCase c) {
    return cases.contains(c);
  }
}
