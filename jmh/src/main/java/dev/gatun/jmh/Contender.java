package dev.gatun.jmh;

/// One call of what a [Duel] times. The result is consumed, so that it cannot be left out.
@FunctionalInterface
interface Contender {
  Object call();
}
