using System;
using System.Collections.Generic;
using System.Linq;
using System.Management.Automation;
using Microsoft.IdentityManagement.PowerShell.ObjectModel;

namespace Causeway.ADSync.Cmdlets;

/// <summary>Shared by the cmdlets for objects: connectors by identifier, objects by distinguished name.</summary>
public abstract class CSObjectCmdlet : ConnectCmdlet
{
    /// <summary>The most objects of one page of Connect's.</summary>
    private const int PageSize = 500;

    internal string? NameOf(Guid connector)
    {
        var answer = Ask(connector, "GET", new[] { "connectors", connector.ToString("D") });
        return answer is null ? null : Try(connector, () => answer.Text("name"));
    }

    internal IEnumerable<CSObject> Find(string connector, string? distinguishedName, int start, int most)
    {
        while (most > 0)
        {
            var size = Math.Min(PageSize, most);
            var answer = Ask((object?)distinguishedName ?? connector, "GET", new[] { "objects" }, new Dictionary<string, object?>
            {
                ["connector"] = connector,
                ["distinguishedName"] = distinguishedName,
                ["startIndex"] = start,
                ["maxResultCount"] = size,
            });
            var page = answer is null ? null : Try(connector, () => answer.Objects("objects").Select(CSObject.From).ToList());
            if (page is null) yield break;
            foreach (var item in page) yield return item;
            if (page.Count < size) yield break;
            start += size;
            most -= size;
        }
    }

    internal void NotFound(string distinguishedName, string connector) => WriteError(ErrorRecords.From(
        new Api.ConnectException("no-such-object", $"the connector space of '{connector}' has no object '{distinguishedName}'", null, 404), distinguishedName));
}

/// <summary>Gets objects from a connector space.</summary>
/// <remarks>Returns one object by its GUID or distinguished name, or all objects of a connector. With -StartIndex and -MaxResultCount you can read them in pages.</remarks>
/// <example>
/// <code>Get-ADSyncCSObject -ConnectorName corp.example.com -DistinguishedName 'CN=Alice Example,OU=People,DC=corp,DC=example,DC=com'</code>
/// <para>Gets one user.</para>
/// </example>
/// <example>
/// <code>Get-ADSyncCSObject -ConnectorName corp.example.com | Where-Object { $_.HasExportError }</code>
/// <para>Gets the objects that the tenant rejected.</para>
/// </example>
[Cmdlet(VerbsCommon.Get, "ADSyncCSObject", DefaultParameterSetName = "ByConnectorName")]
[OutputType(typeof(CSObject))]
public sealed class GetADSyncCSObject : CSObjectCmdlet
{
    /// <summary>The object's GUID.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = "ByIdentifier", ValueFromPipelineByPropertyName = true)]
    [Alias("ObjectId")]
    public Guid Identifier { get; set; }

    /// <summary>The connector's name. Case matters.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = "ByConnectorName", ValueFromPipelineByPropertyName = true)]
    [Alias("Name")]
    [ArgumentCompleter(typeof(ConnectorNameCompleter))]
    [ValidateNotNullOrEmpty]
    public string? ConnectorName { get; set; }

    /// <summary>The connector's GUID.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "ByConnectorIdentifier")]
    public Guid ConnectorIdentifier { get; set; }

    /// <summary>The object's distinguished name. Default: all objects of the connector.</summary>
    [Parameter(Position = 1, ParameterSetName = "ByConnectorName", ValueFromPipelineByPropertyName = true)]
    [Parameter(Position = 1, ParameterSetName = "ByConnectorIdentifier")]
    [ValidateNotNullOrEmpty]
    public string? DistinguishedName { get; set; }

    /// <summary>Accepted for compatibility. It changes nothing, because Connect itself looks up the distinguished name.</summary>
    [Parameter(ParameterSetName = "ByConnectorName")]
    [Parameter(ParameterSetName = "ByConnectorIdentifier")]
    public SwitchParameter SkipDNValidation { get; set; }

    /// <summary>Accepted for compatibility. Connect has no transient objects, so the cmdlet returns none.</summary>
    [Parameter(ParameterSetName = "ByConnectorName")]
    [Parameter(ParameterSetName = "ByConnectorIdentifier")]
    public SwitchParameter Transient { get; set; }

    /// <summary>Skips this many objects at the beginning.</summary>
    [Parameter(ParameterSetName = "ByConnectorName")]
    [Parameter(ParameterSetName = "ByConnectorIdentifier")]
    [ValidateRange(0, int.MaxValue)]
    public int StartIndex { get; set; }

    /// <summary>Returns at most this many objects. Default: all of them.</summary>
    [Parameter(ParameterSetName = "ByConnectorName")]
    [Parameter(ParameterSetName = "ByConnectorIdentifier")]
    [ValidateRange(1, int.MaxValue)]
    public int MaxResultCount { get; set; } = int.MaxValue;

    protected override void ProcessRecord()
    {
        if (ParameterSetName == "ByIdentifier")
        {
            Emit(Identifier, CSObject.From, new[] { "objects", Identifier.ToString("D") });
            return;
        }
        var connector = ParameterSetName == "ByConnectorIdentifier" ? NameOf(ConnectorIdentifier) : ConnectorName;
        if (connector is null || Transient) return;
        var found = Find(connector, DistinguishedName, StartIndex, MaxResultCount);
        var count = 0;
        var errors = Errors;
        foreach (var item in found)
        {
            WriteObject(item);
            count++;
        }
        if (count == 0 && DistinguishedName != null && Errors == errors) NotFound(DistinguishedName, connector);
    }
}

/// <summary>Gets the password log of one object.</summary>
/// <remarks>Shows each time that Connect processed the object's password, and the result, newest first. Connect keeps the log for seven days. The status is Success, FilteredByTarget, NoTargetConnection, SourceConnectorNotPresent, TargetNotExportedToDirectory, MissingAttribute, RetryRequestedByTarget, Error or Unknown. Times are in UTC.</remarks>
/// <example>
/// <code>Get-ADSyncCSObject corp.example.com 'CN=Alice Example,OU=People,DC=corp,DC=example,DC=com' | Get-ADSyncCSObjectLog -Count 5</code>
/// <para>Shows the last five results of one user.</para>
/// </example>
[Cmdlet(VerbsCommon.Get, "ADSyncCSObjectLog")]
[OutputType(typeof(CSObjectLogEntry))]
public sealed class GetADSyncCSObjectLog : ConnectCmdlet
{
    /// <summary>The object's GUID.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true)]
    [Alias("ObjectId")]
    public Guid Identifier { get; set; }

    /// <summary>Returns at most this many lines.</summary>
    [Parameter(Position = 1)]
    [ValidateRange(1, 1000)]
    public int Count { get; set; } = 20;

    protected override void ProcessRecord() => EmitAll(
        Identifier, "entries", CSObjectLogEntry.From, new[] { "objects", Identifier.ToString("D"), "password-log" }, Query("count", Count));
}

/// <summary>Synchronizes the password of one object now.</summary>
/// <remarks>Reads the password hash from the domain controller, sends it, and returns the result as a line of the object's password log.</remarks>
/// <example>
/// <code>Invoke-ADSyncCSObjectPasswordHashSync -ConnectorName corp.example.com -DistinguishedName 'CN=Alice Example,OU=People,DC=corp,DC=example,DC=com'</code>
/// <para>Synchronizes the password of one user.</para>
/// </example>
/// <example>
/// <code>Get-ADSyncCSObject -ConnectorName corp.example.com | Where-Object { $_.ObjectType -eq 'user' } | Invoke-ADSyncCSObjectPasswordHashSync</code>
/// <para>Synchronizes the passwords of all users, one after the other. A full password synchronization is much faster.</para>
/// </example>
[Cmdlet(VerbsLifecycle.Invoke, "ADSyncCSObjectPasswordHashSync", DefaultParameterSetName = "SearchByDistinguishedName", SupportsShouldProcess = true)]
[OutputType(typeof(CSObjectLogEntry))]
public sealed class InvokeADSyncCSObjectPasswordHashSync : CSObjectCmdlet
{
    /// <summary>The connector's name. Case matters.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = "SearchByDistinguishedName", ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(ForestNameCompleter))]
    [ValidateNotNullOrEmpty]
    public string? ConnectorName { get; set; }

    /// <summary>The object's distinguished name.</summary>
    [Parameter(Mandatory = true, Position = 1, ParameterSetName = "SearchByDistinguishedName", ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    public string? DistinguishedName { get; set; }

    /// <summary>The object's GUID.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = "SearchByIdentifier", ValueFromPipelineByPropertyName = true)]
    [Alias("ObjectId")]
    public Guid Identifier { get; set; }

    /// <summary>An object that Get-ADSyncCSObject returned.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = "CSObject", ValueFromPipeline = true)]
    [ValidateNotNull]
    public CSObject? CsObject { get; set; }

    protected override void ProcessRecord()
    {
        var id = ParameterSetName == "SearchByIdentifier" ? Identifier : CsObject?.ObjectId;
        if (ParameterSetName == "SearchByDistinguishedName")
        {
            var errors = Errors;
            id = Find(ConnectorName!, DistinguishedName, 0, 1).FirstOrDefault()?.ObjectId;
            if (id is null && Errors == errors) NotFound(DistinguishedName!, ConnectorName!);
        }
        if (!(id is Guid found) || !ShouldProcess(DistinguishedName ?? CsObject?.DistinguishedName ?? found.ToString("D"), "synchronize the password")) return;
        var answer = Ask(found, "POST", new[] { "objects", found.ToString("D"), "password-sync" });
        if (answer != null && Try(found, () => CSObjectLogEntry.From(answer)) is CSObjectLogEntry entry) WriteObject(entry);
    }
}
