package dev.gatun.opencl;

import dev.gatun.contract.OpCase;
import dev.gatun.contract.OpCases;
import java.util.HashSet;
import java.util.Set;
import java.util.stream.Collectors;

/// The first case of each op: drivers take half an hour to compile the programs of all.
final class FirstCases {
  private final Set<OpCase> cases;

  FirstCases() {
    Set<Class<?>> seen = new HashSet<>();
    cases =
        OpCases.all().stream()
            .filter(c -> seen.add(c.op().apply(Math.max(5, c.smallest())).getClass()))
            .collect(Collectors.toSet());
  }

  boolean has(OpCase c) {
    return cases.contains(c);
  }
}
