package dev.gatun.io;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Reads the Python dictionary of a `.npy` header: text keys, and as values text, `True` or
/// `False`, or a tuple of whole numbers. What else a dictionary may hold no header needs, so
/// nothing nests.
final class PythonDict {
  private final String text;
  private final String where;
  private int at;

  PythonDict(String text, String where) {
    this.text = text;
    this.where = where;
  }

  /// The entries: values are [String], [Boolean] or [List] of [Long].
  ///
  /// @throws IOException if the text is anything else
  Map<String, Object> read() throws IOException {
    Map<String, Object> entries = new HashMap<>();
    expect('{');
    while (!accept('}')) {
      String key = string();
      expect(':');
      if (entries.put(key, value()) != null) {
        throw bad("a key once");
      }
      if (!accept(',')) {
        expect('}');
        break;
      }
    }
    if (peek() != 0) {
      throw bad("nothing");
    }
    return entries;
  }

  private Object value() throws IOException {
    return switch (peek()) {
      case '(' -> tuple();
      case '\'', '"' -> string();
      case 'T', 'F' -> bool();
      default -> throw bad("text, True, False or a tuple of whole numbers");
    };
  }

  private List<Long> tuple() throws IOException {
    List<Long> sizes = new ArrayList<>();
    expect('(');
    boolean more = true;
    while (!accept(')')) {
      if (!more) {
        throw bad("a comma or )");
      }
      sizes.add(number());
      more = accept(',');
      if (!more && sizes.size() == 1) {
        throw bad("a comma, as every tuple of one has");
      }
    }
    return sizes;
  }

  private long number() throws IOException {
    int start = at + (peek() == '-' ? 1 : 0);
    int end = start;
    while (end < text.length() && text.charAt(end) >= '0' && text.charAt(end) <= '9') {
      end++;
    }
    try {
      long n = Long.parseLong(text, at, end, 10);
      // Python 2 wrote long numbers with an L.
      at = end < text.length() && text.charAt(end) == 'L' ? end + 1 : end;
      return n;
    } catch (NumberFormatException e) {
      throw bad("a whole number below 2^63");
    }
  }

  private String string() throws IOException {
    char quote = peek();
    int end = quote == '\'' || quote == '"' ? text.indexOf(quote, at + 1) : -1;
    if (end < 0) {
      throw bad("text in quotes");
    }
    String s = text.substring(at + 1, end);
    at = end + 1;
    return s;
  }

  private boolean bool() throws IOException {
    for (String word : List.of("True", "False")) {
      if (text.startsWith(word, at)) {
        at += word.length();
        return word.equals("True");
      }
    }
    throw bad("True or False");
  }

  private boolean accept(char c) {
    boolean there = peek() == c;
    at += there ? 1 : 0;
    return there;
  }

  private void expect(char c) throws IOException {
    if (!accept(c)) {
      throw bad(String.valueOf(c));
    }
  }

  /// The next character after blanks, or 0 at the end.
  private char peek() {
    while (at < text.length() && " \t\r\n".indexOf(text.charAt(at)) >= 0) {
      at++;
    }
    return at < text.length() ? text.charAt(at) : 0;
  }

  private IOException bad(String wanted) {
    return NpyHeader.bad(
        where,
        "the header must be a Python dictionary with %s at character %d; got %s"
            .formatted(wanted, at, NpyHeader.printable(text)));
  }
}
