package dev.gatun.samples;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;

/// What a command printed and returned.
///
/// @param code exit code
/// @param out standard output
/// @param err standard error
public record Console(int code, String out, String err) {
  /// Runs `gatun` with these arguments in this process.
  public static Console run(String... args) {
    PrintStream out = System.out;
    PrintStream err = System.err;
    ByteArrayOutputStream toOut = new ByteArrayOutputStream();
    ByteArrayOutputStream toErr = new ByteArrayOutputStream();
    System.setOut(new PrintStream(toOut, true, UTF_8));
    System.setErr(new PrintStream(toErr, true, UTF_8));
    try {
      int code = Main.run(args);
      return new Console(code, toOut.toString(UTF_8), toErr.toString(UTF_8));
    } finally {
      System.setOut(out);
      System.setErr(err);
    }
  }

  /// The last line of standard output.
  public String lastLine() {
    return out.strip().lines().reduce("", (a, b) -> b);
  }
}
