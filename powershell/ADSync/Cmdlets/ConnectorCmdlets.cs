using System;
using System.Management.Automation;
using Microsoft.IdentityManagement.PowerShell.ObjectModel;

namespace Causeway.ADSync.Cmdlets;

/// <summary>Gets the connectors: the forests and the tenant.</summary>
/// <remarks>Gets one connector by its name or identifier, or all of them. Upper and lower case count in a name; a wrong one is answered with those that exist. What is changed in the connector's parameters is kept when Add-ADSyncConnector saves it.</remarks>
/// <example>
/// <code>Get-ADSyncConnector</code>
/// <para>Lists the forests and the tenant.</para>
/// </example>
/// <example>
/// <code>Get-ADSyncConnector | Where-Object { $_.ConnectorTypeName -eq 'AD' } | ForEach-Object { $_.Name }</code>
/// <para>The names of the forests.</para>
/// </example>
[Cmdlet(VerbsCommon.Get, "ADSyncConnector", DefaultParameterSetName = "ByName")]
[OutputType(typeof(Connector))]
public sealed class GetADSyncConnector : ConnectCmdlet
{
    /// <summary>The connector's name; upper and lower case count. All connectors when it is left out.</summary>
    [Parameter(Position = 0, ParameterSetName = "ByName", ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(ConnectorNameCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Name { get; set; }

    /// <summary>The connector's GUID.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "ByIdentifier")]
    public Guid Identifier { get; set; }

    protected override void ProcessRecord()
    {
        var wanted = ParameterSetName == "ByIdentifier" ? Identifier.ToString("D") : Name;
        if (wanted is null) EmitAll(null, "connectors", Connector.From, new[] { "connectors" });
        else Emit(wanted, Connector.From, new[] { "connectors", wanted });
    }
}

/// <summary>Saves a connector that Get-ADSyncConnector got.</summary>
/// <remarks>Saves the global parameters and those of each partition. An object that is older than what is saved is refused, so that it does not undo somebody else's change: get the connector again then. The parameter Microsoft.Synchronize.ForceFullPasswordSync counts when the password channel is switched on the next time: switch it off and on with Set-ADSyncAADPasswordSyncConfiguration. The name notwithstanding it adds no connector; those are in Connect's configuration.</remarks>
/// <example>
/// <code>$c = Get-ADSyncConnector -Name corp.example.com
/// $p = New-Object Microsoft.IdentityManagement.PowerShell.ObjectModel.ConfigurationParameter 'Microsoft.Synchronize.ForceFullPasswordSync', String, ConnectorGlobal, $null, $null, $null
/// $p.Value = 1
/// $c.GlobalParameters.Remove($p.Name)
/// $c.GlobalParameters.Add($p)
/// $c = Add-ADSyncConnector -Connector $c</code>
/// <para>Asks for a full password synchronization of a forest, which starts when the channel is switched off and on.</para>
/// </example>
[Cmdlet(VerbsCommon.Add, "ADSyncConnector", SupportsShouldProcess = true)]
[OutputType(typeof(Connector))]
public sealed class AddADSyncConnector : ConnectCmdlet
{
    /// <summary>The connector, with its parameters as they are to be.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true)]
    [ValidateNotNull]
    public Connector? Connector { get; set; }

    protected override void ProcessRecord()
    {
        var connector = Connector!;
        if (!ShouldProcess(connector.Name, "save the parameters of the connector")) return;
        if (!(Try(connector, connector.ToJson) is { } body)) return;
        var answer = Ask(connector, "PUT", new[] { "connectors", connector.Name }, Query("version", connector.Version), body);
        if (answer is null || !(Try(connector, () => Microsoft.IdentityManagement.PowerShell.ObjectModel.Connector.From(answer)) is Connector saved)) return;
        // A script may keep using its own object instead of the returned one, so that gets the new version too.
        connector.Version = saved.Version;
        WriteObject(saved);
    }
}

/// <summary>Gets what is pending in the connector spaces.</summary>
/// <remarks>Counts of the adds, updates and deletes that wait to be imported and exported, and of all objects, of one connector or of each.</remarks>
/// <example>
/// <code>Get-ADSyncConnectorStatistics -ConnectorName corp.example.com</code>
/// <para>Of one forest.</para>
/// </example>
/// <example>
/// <code>Get-ADSyncConnector | Get-ADSyncConnectorStatistics</code>
/// <para>Of each connector.</para>
/// </example>
[Cmdlet(VerbsCommon.Get, "ADSyncConnectorStatistics")]
[OutputType(typeof(ConnectorStatistics))]
public sealed class GetADSyncConnectorStatistics : ConnectCmdlet
{
    /// <summary>The connector's name; upper and lower case count. Every connector when it is left out.</summary>
    [Parameter(Position = 0, ValueFromPipelineByPropertyName = true)]
    [Alias("Name")]
    [ArgumentCompleter(typeof(ConnectorNameCompleter))]
    [ValidateNotNullOrEmpty]
    public string? ConnectorName { get; set; }

    protected override void ProcessRecord()
    {
        if (ConnectorName != null)
        {
            Emit(ConnectorName, ConnectorStatistics.From, new[] { "connectors", ConnectorName, "statistics" });
            return;
        }
        var answer = Ask(null, "GET", new[] { "connectors" });
        if (answer is null) return;
        foreach (var connector in Try(null, () => answer.Objects("connectors")) ?? Array.Empty<Api.JsonObject>())
            if (Try(null, () => connector.Text("name")) is string name)
                Emit(name, ConnectorStatistics.From, new[] { "connectors", name, "statistics" });
    }
}

/// <summary>Gets whether the domain controllers of a forest answer.</summary>
/// <remarks>Tries each domain of the forest now. A domain that does not answer is told with the reason.</remarks>
/// <example>
/// <code>Get-ADSyncDomainReachabilityStatus -ConnectorName corp.example.com</code>
/// <para>Tries the domain controllers of a forest.</para>
/// </example>
[Cmdlet(VerbsCommon.Get, "ADSyncDomainReachabilityStatus")]
[OutputType(typeof(DomainReachability))]
public sealed class GetADSyncDomainReachabilityStatus : ConnectCmdlet
{
    /// <summary>The name of a forest's connector; upper and lower case count.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true)]
    [Alias("Name")]
    [ArgumentCompleter(typeof(ForestNameCompleter))]
    [ValidateNotNullOrEmpty]
    public string? ConnectorName { get; set; }

    protected override void ProcessRecord() =>
        EmitAll(ConnectorName, "domains", DomainReachability.From, new[] { "connectors", ConnectorName!, "reachability" });
}
