package dev.gatun.samples;

/// The `gatun` command.
public final class Main {
  private Main() {}

  /// Runs it.
  public static void main(String[] args) {
    System.out.println("gatun");
  }
}
