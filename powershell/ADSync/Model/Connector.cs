using System;
using System.Collections.Generic;
using System.Linq;
using Causeway.ADSync.Api;

namespace Microsoft.IdentityManagement.PowerShell.ObjectModel;

/// <summary>A forest, or the tenant.</summary>
public enum ConnectorType
{
    AD,
    Extensible2,
}

/// <summary>A place that Connect reads from or writes to.</summary>
public sealed class Connector
{
    private Connector(JsonObject json)
    {
        Name = json.Text("name");
        Identifier = json.Identifier("identifier");
        ConnectorTypeName = json.Text("type");
        Type = Enum.TryParse(ConnectorTypeName, out ConnectorType type) ? type : throw new FormatException("AD or Extensible2 expected in 'type'");
        Subtype = json.Text("subtype");
        ListName = json.Text("listName");
        CompanyName = json.Text("companyName");
        Description = json.Text("description");
        Version = json.Integer("version");
        CreationTime = json.Time("creationTime");
        LastModificationTime = json.Time("lastModificationTime");
        Forest = json.TextOrNull("forest");
        Server = json.TextOrNull("server");
        Account = json.TextOrNull("account");
        Partitions = json.Objects("partitions").Select(ConnectorPartition.From).ToArray();
        GlobalParameters = ConfigurationParameterCollection.From(json.Objects("globalParameters"));
        ObjectInclusionList = json.Texts("objectInclusionList");
        AttributeInclusionList = json.Texts("attributeInclusionList");
        ConnectivityParameters = ConfigurationParameterCollection.From(json.ObjectsOrNone("connectivityParameters"));
        RunProfiles = json.ObjectsOrNone("runProfiles").Select(profile => RunProfile.From(profile, Identifier)).ToArray();
        AnchorConstructionSettings = json.Objects("anchorConstructionSettings").Select(AnchorConstructionSetting.From).ToArray();
    }

    /// <summary>Case counts.</summary>
    public string Name { get; }

    public Guid Identifier { get; }

    public string ConnectorTypeName { get; }

    public ConnectorType Type { get; }

    public string Subtype { get; }

    public string ListName { get; }

    public string CompanyName { get; }

    public string Description { get; }

    /// <summary>Rises with each change of the parameters.</summary>
    public int Version { get; internal set; }

    public DateTime CreationTime { get; }

    public DateTime LastModificationTime { get; }

    public string? Forest { get; }

    public string? Server { get; }

    public string? Account { get; }

    public ConnectorPartition[] Partitions { get; }

    public ConfigurationParameterCollection GlobalParameters { get; }

    public string[] ObjectInclusionList { get; }

    public string[] AttributeInclusionList { get; }

    public AnchorConstructionSetting[] AnchorConstructionSettings { get; }

    /// <summary>Where it connects to and with which account. Read-only, because the configuration sets it.</summary>
    public ConfigurationParameterCollection ConnectivityParameters { get; }

    /// <summary>What it does in its runs; empty if Connect's release does not report it.</summary>
    public RunProfile[] RunProfiles { get; }

    public override string ToString() => Name;

    internal static Connector From(JsonObject json) => new Connector(json);

    /// <summary>What can be saved: its parameters.</summary>
    internal Dictionary<string, object?> ToJson() => new Dictionary<string, object?>
    {
        ["globalParameters"] = GlobalParameters.ToJson(),
        ["partitions"] = Partitions.Select(partition => partition.ToJson()).ToList(),
    };
}

/// <summary>A naming context of a forest.</summary>
public sealed class ConnectorPartition
{
    private ConnectorPartition(JsonObject json)
    {
        Identifier = json.Identifier("identifier");
        DN = json.Text("dn");
        Name = json.Text("name");
        IsDomain = json.Flag("isDomain");
        Selected = json.Flag("selected");
        PreferredDCs = json.Texts("preferredDCs");
        ConnectorPartitionScope = json.ObjectOrNull("connectorPartitionScope") is JsonObject scope ? ConnectorPartitionScope.From(scope) : null;
        Parameters = ConfigurationParameterCollection.From(json.Objects("parameters"));
    }

    public Guid Identifier { get; }

    public string DN { get; }

    public string Name { get; }

    public bool IsDomain { get; }

    public bool Selected { get; }

    public string[] PreferredDCs { get; }

    /// <summary>Which part of it is read; null if Connect's release does not report it.</summary>
    public ConnectorPartitionScope? ConnectorPartitionScope { get; }

    public ConfigurationParameterCollection Parameters { get; }

    public override string ToString() => DN;

    internal static ConnectorPartition From(JsonObject json) => new ConnectorPartition(json);

    internal Dictionary<string, object?> ToJson() => new Dictionary<string, object?>
    {
        ["identifier"] = Identifier.ToString("D"),
        ["parameters"] = Parameters.ToJson(),
    };
}

/// <summary>Which part of a naming context is read.</summary>
public sealed class ConnectorPartitionScope
{
    private ConnectorPartitionScope(JsonObject json)
    {
        ObjectClasses = json.Texts("objectClasses");
        ContainerInclusionList = json.Texts("containerInclusionList");
        ContainerExclusionList = json.Texts("containerExclusionList");
    }

    public string[] ObjectClasses { get; }

    public string[] ContainerInclusionList { get; }

    public string[] ContainerExclusionList { get; }

    internal static ConnectorPartitionScope From(JsonObject json) => new ConnectorPartitionScope(json);
}

/// <summary>The attributes that make up the anchor of an object type.</summary>
public sealed class AnchorConstructionSetting
{
    private AnchorConstructionSetting(JsonObject json)
    {
        ObjectType = json.Text("objectType");
        Attributes = json.Texts("attributes");
        Locked = json.Flag("locked");
    }

    public string ObjectType { get; }

    public string[] Attributes { get; }

    public bool Locked { get; }

    internal static AnchorConstructionSetting From(JsonObject json) => new AnchorConstructionSetting(json);
}
