using System;
using System.Collections.Generic;
using System.Collections.ObjectModel;
using System.Linq;
using System.Management.Automation;
using Causeway.ADSync.Api;

namespace Microsoft.IdentityManagement.PowerShell.ObjectModel;

/// <summary>What kind of value a parameter has.</summary>
public enum ConfigurationParameterType
{
    Undefined,
    String,
    EncryptedString,
    Integer,
    Boolean,
    DateTime,
    Guid,
}

/// <summary>What a parameter belongs to.</summary>
public enum ConfigurationParameterScope
{
    Undefined,
    SynchronizationGlobal,
    ConnectorGlobal,
    ConnectorConnectivity,
    ConnectorPartition,
    ConnectorRunStep,
    ConnectorCapabilities,
    ConnectorSchema,
}

/// <summary>A named value that is kept with a connector.</summary>
public sealed class ConfigurationParameter
{
    private readonly string _inputType;
    private readonly string _scope;

    /// <summary>Called as in administrators' scripts: <c>New-Object …ConfigurationParameter "name", String, ConnectorGlobal, $null, $null,
    /// $null</c>.</summary>
    public ConfigurationParameter(
        string name,
        ConfigurationParameterType inputType,
        ConfigurationParameterScope scope,
        string? description,
        string? regexValidationPattern,
        string? defaultValue)
        : this(name, inputType.ToString(), scope.ToString(), description, regexValidationPattern, defaultValue)
    {
    }

    private ConfigurationParameter(string name, string inputType, string scope, string? description, string? pattern, string? defaultValue)
    {
        if (string.IsNullOrEmpty(name)) throw new ArgumentException("the name of a parameter expected, got none", nameof(name));
        Name = name;
        _inputType = inputType;
        _scope = scope;
        // PowerShell passes $null to a string parameter as an empty string.
        Description = NullIfEmpty(description);
        RegexValidationPattern = NullIfEmpty(pattern);
        DefaultValue = NullIfEmpty(defaultValue);
        Value = DefaultValue;
    }

    public string Name { get; }

    public ConfigurationParameterType InputType => Enum.TryParse(_inputType, out ConfigurationParameterType type) ? type : ConfigurationParameterType.Undefined;

    public ConfigurationParameterScope Scope => Enum.TryParse(_scope, out ConfigurationParameterScope scope) ? scope : ConfigurationParameterScope.Undefined;

    public string? Description { get; set; }

    public string? RegexValidationPattern { get; set; }

    public string? DefaultValue { get; set; }

    public object? Value { get; set; }

    public bool Extensible { get; set; }

    public int PageNumber { get; set; }

    public bool Intrinsic { get; set; }

    public string DataType { get; set; } = "System.String";

    public override string ToString() => Name;

    internal static ConfigurationParameter From(JsonObject json) => new ConfigurationParameter(
        json.Text("name"),
        json.Text("inputType"),
        json.Text("scope"),
        json.TextOrNull("description"),
        json.TextOrNull("regexValidationPattern"),
        json.TextOrNull("defaultValue"))
    {
        Value = json.Any("value"),
        Extensible = json.Flag("extensible"),
        PageNumber = json.Integer("pageNumber"),
        Intrinsic = json.Flag("intrinsic"),
        DataType = json.Text("dataType"),
    };

    internal Dictionary<string, object?> ToJson() => new Dictionary<string, object?>
    {
        ["name"] = Name,
        ["inputType"] = _inputType,
        ["scope"] = _scope,
        ["description"] = Description,
        ["regexValidationPattern"] = RegexValidationPattern,
        ["defaultValue"] = DefaultValue,
        ["value"] = PlainValue(),
        ["extensible"] = Extensible,
        ["pageNumber"] = PageNumber,
        ["intrinsic"] = Intrinsic,
        ["dataType"] = DataType,
    };

    /// <summary>Text, numbers and booleans unchanged; for anything else the text that PowerShell would show.</summary>
    private object? PlainValue()
    {
        var value = Value is PSObject wrapped ? wrapped.BaseObject : Value;
        switch (value)
        {
            case null: case string _: case bool _: case int _: case long _: case short _: case byte _: case double _: return value;
            case System.Security.SecureString _: throw new ConnectException("bad-parameter", $"the parameter '{Name}' is stored as plain text, so it does not accept a secret", null, 400);
            default: return LanguagePrimitives.ConvertTo<string>(value);
        }
    }

    private static string? NullIfEmpty(string? text) => string.IsNullOrEmpty(text) ? null : text;
}

/// <summary>Parameters by name: <c>Remove(name)</c>, <c>Add(parameter)</c>, <c>AddOrReplace(parameter)</c>, <c>[name]</c>.</summary>
public sealed class ConfigurationParameterCollection : KeyedCollection<string, ConfigurationParameter>
{
    /// <summary>Adds a parameter, replacing one of the same name.</summary>
    public void AddOrReplace(ConfigurationParameter parameter)
    {
        if (parameter is null) throw new ArgumentNullException(nameof(parameter));
        Remove(parameter.Name);
        Add(parameter);
    }

    internal static ConfigurationParameterCollection From(IEnumerable<JsonObject> items)
    {
        var collection = new ConfigurationParameterCollection();
        foreach (var item in items) collection.Add(ConfigurationParameter.From(item));
        return collection;
    }

    internal List<Dictionary<string, object?>> ToJson() => this.Select(parameter => parameter.ToJson()).ToList();

    protected override string GetKeyForItem(ConfigurationParameter item) => item.Name;
}
