package dev.gatun.samples.digits;

import dev.gatun.samples.Bar;
import java.util.Locale;

/// Told how training goes on.
interface Progress extends AutoCloseable {
  /// One step is done.
  void step();

  /// Pass number `epoch`, from 1, is done; `loss` is its mean.
  void epoch(int epoch, double loss);

  @Override
  void close();

  /// A bar on a terminal, a line per pass elsewhere, both on standard error.
  static Progress of(long steps) {
    return Bar.isTerminal() ? new Drawn(Bar.of("training", steps)) : new Lines();
  }

  /// Tells nobody.
  static Progress none() {
    return new Drawn(Bar.none());
  }

  /// A bar.
  record Drawn(Bar bar) implements Progress {
    @Override
    public void step() {
      bar.step(1);
    }

    @Override
    public void epoch(int epoch, double loss) {
      bar.say(String.format(Locale.ROOT, "loss %.4f", loss));
    }

    @Override
    public void close() {
      bar.close();
    }
  }

  /// Lines.
  final class Lines implements Progress {
    @Override
    public void step() {}

    @Override
    public void epoch(int epoch, double loss) {
      System.err.printf(Locale.ROOT, "epoch %d: loss %.4f%n", epoch, loss);
    }

    @Override
    public void close() {}
  }
}
