using System;
using System.Linq;
using Causeway.ADSync.Api;

namespace Microsoft.IdentityManagement.PowerShell.ObjectModel;

/// <summary>An object of a connector space.</summary>
public sealed class CSObject
{
    private CSObject(JsonObject json)
    {
        ObjectId = json.Identifier("objectId");
        ConnectorId = json.Identifier("connectorId");
        ConnectorName = json.Text("connectorName");
        ConnectorType = json.Text("connectorType");
        PartitionId = json.Identifier("partitionId");
        DistinguishedName = json.Text("distinguishedName");
        AnchorValue = json.Text("anchorValue");
        ObjectType = json.Text("objectType");
        IsConnector = json.Flag("isConnector");
        FilteredBy = json.TextOrNull("filteredBy");
        ConnectedMVObjectId = json.TextOrNull("connectedMVObjectId") is null ? (Guid?)null : json.Identifier("connectedMVObjectId");
        HasSyncError = json.Flag("hasSyncError");
        HasExportError = json.Flag("hasExportError");
        ExportError = json.ObjectOrNull("exportError") is JsonObject error ? CSObjectExportError.From(error) : null;
        Attributes = json.Objects("attributes").Select(CSObjectAttribute.From).ToArray();
    }

    public Guid ObjectId { get; }

    public Guid ConnectorId { get; }

    public string ConnectorName { get; }

    public string ConnectorType { get; }

    public Guid PartitionId { get; }

    public string DistinguishedName { get; }

    public string AnchorValue { get; }

    public string ObjectType { get; }

    public bool IsConnector { get; }

    /// <summary>Why it is filtered; null if it is not.</summary>
    public string? FilteredBy { get; }

    /// <summary>For Get-ADSyncMVObject; null if it is filtered.</summary>
    public Guid? ConnectedMVObjectId { get; }

    public bool HasSyncError { get; }

    public bool HasExportError { get; }

    public CSObjectExportError? ExportError { get; }

    public CSObjectAttribute[] Attributes { get; }

    public override string ToString() => DistinguishedName;

    internal static CSObject From(JsonObject json) => new CSObject(json);
}

/// <summary>Why the tenant rejected an object.</summary>
public sealed class CSObjectExportError
{
    private CSObjectExportError(JsonObject json)
    {
        RetryCount = json.Integer("retryCount");
        InitialOccurrence = json.Time("initialOccurrence");
        LatestOccurrence = json.TimeOrNull("latestOccurrence");
        ErrorName = json.Text("errorName");
        ErrorLiteral = json.Text("errorLiteral");
    }

    public int RetryCount { get; }

    public DateTime InitialOccurrence { get; }

    public DateTime? LatestOccurrence { get; }

    public string ErrorName { get; }

    public string ErrorLiteral { get; }

    internal static CSObjectExportError From(JsonObject json) => new CSObjectExportError(json);
}

/// <summary>One attribute of an object.</summary>
public sealed class CSObjectAttribute
{
    private CSObjectAttribute(JsonObject json)
    {
        Name = json.Text("name");
        IsMultiValued = json.Flag("isMultiValued");
        Values = json.Texts("values");
    }

    public string Name { get; }

    public bool IsMultiValued { get; }

    public string[] Values { get; }

    internal static CSObjectAttribute From(JsonObject json) => new CSObjectAttribute(json);
}

/// <summary>A line of one object's password log.</summary>
public sealed class CSObjectLogEntry
{
    private CSObjectLogEntry(JsonObject json)
    {
        TimeStamp = json.Time("at");
        Status = json.Text("status");
        Detail = json.TextOrNull("detail");
    }

    /// <summary>In UTC.</summary>
    public DateTime TimeStamp { get; }

    public string Status { get; }

    public string? Detail { get; }

    internal static CSObjectLogEntry From(JsonObject json) => new CSObjectLogEntry(json);
}
