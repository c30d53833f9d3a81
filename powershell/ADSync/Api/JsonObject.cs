using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;

namespace Causeway.ADSync.Api;

/// <summary>An object of an answer. Members are read by name and kind. Another kind is an error that names the member.</summary>
internal sealed class JsonObject
{
    private readonly IReadOnlyDictionary<string, object?> _members;

    public JsonObject(IReadOnlyDictionary<string, object?> members) => _members = members;

    public object? Any(string name) => _members.TryGetValue(name, out var value) ? value : null;

    public string Text(string name) => TextOrNull(name) ?? throw Wrong(name, "text");

    public string? TextOrNull(string name) => Any(name) switch
    {
        null => null,
        string text => text,
        _ => throw Wrong(name, "text"),
    };

    public bool Flag(string name) => Any(name) is bool flag ? flag : throw Wrong(name, "true or false");

    public int Integer(string name) =>
        Any(name) is long number && number >= int.MinValue && number <= int.MaxValue ? (int)number : throw Wrong(name, "a whole number");

    public double? NumberOrNull(string name) => Any(name) switch
    {
        null => null,
        long integer => integer,
        double number => number,
        _ => throw Wrong(name, "a number"),
    };

    public TimeSpan Seconds(string name) => SecondsOrNull(name) ?? throw Wrong(name, "seconds");

    public TimeSpan? SecondsOrNull(string name) => NumberOrNull(name) is double seconds ? TimeSpan.FromSeconds(seconds) : (TimeSpan?)null;

    public Guid Identifier(string name) => Guid.TryParse(Text(name), out var guid) ? guid : throw Wrong(name, "a GUID");

    public DateTime Time(string name) => TimeOrNull(name) ?? throw Wrong(name, "a time");

    /// <summary>In UTC.</summary>
    public DateTime? TimeOrNull(string name)
    {
        var text = TextOrNull(name);
        if (text is null) return null;
        const DateTimeStyles Styles = DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal;
        return DateTime.TryParse(text, CultureInfo.InvariantCulture, Styles, out var time) ? time : throw Wrong(name, "a time");
    }

    public JsonObject? ObjectOrNull(string name) => Any(name) switch
    {
        null => null,
        JsonObject value => value,
        _ => throw Wrong(name, "an object"),
    };

    public IReadOnlyList<JsonObject> Objects(string name) => List<JsonObject>(name, "a list of objects");

    /// <summary>For members that the previous release does not send.</summary>
    public IReadOnlyList<JsonObject> ObjectsOrNone(string name) => Any(name) is null ? new JsonObject[0] : Objects(name);

    public string[] Texts(string name) => List<string>(name, "a list of texts").ToArray();

    private IReadOnlyList<T> List<T>(string name, string kind)
    {
        if (!(Any(name) is List<object?> items) || !items.All(item => item is T)) throw Wrong(name, kind);
        return items.Cast<T>().ToList();
    }

    private static FormatException Wrong(string name, string kind) => new FormatException($"{kind} expected in '{name}'");
}
